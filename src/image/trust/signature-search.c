/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "image/trust/signature-search.h"
#include "shared/explain.h"

/* How informative a failure is, from most to least: a signature by a key that is or was trusted; one by another key;
 * data that is not a signature; no data at all. */
static unsigned weight(int error)
{
        switch (error) {
        case 0:
                return 0;
        case -EKEYREJECTED:
                return 4;
        case -ENOKEY:
                return 3;
        case -EBADMSG:
                return 2;
        default:
                return 1;
        }
}

void signature_search_fail(SignatureSearch *s, int error, const char *where, char *message)
{
        _cleanup_free_ char *why = message;

        if (weight(error) <= weight(s->error))
                return;
        free(s->problem);
        s->problem = strjoin(where, ": ", explained(why, error));
        if (s->problem)
                utf8_make_printable(s->problem);
        s->error = error;
}

int signature_search_conclude(SignatureSearch *s, int r, TrustHow how, const char *where, ImageTrust *trust,
                              char *message)
{
        if (r >= 0)
                r = image_trust_set(trust, how, s->name);
        if (r < 0)
                image_trust_done(trust);
        if (r < 0 && r != -ENOMEM) {
                signature_search_fail(s, r, where, message);
                return 0;
        }
        free(message);
        if (r < 0)
                return r;
        s->trust = *trust;
        return 1;
}

static int fetch(SignatureSearch *s, const FetchRequest *request, const char *what, FetchReply *ret)
{
        char *message = NULL;
        int r;

        if (!s->fetcher) {
                s->unasked = true;
                return 0;
        }
        r = fetcher_fetch(s->fetcher, request, ret, &message);
        if (r == -ENOMEM || r == -ENOENT) {
                free(message);
                return r == -ENOENT ? 0 : r;
        }
        if (r < 0) {
                signature_search_fail(s, r, what, message);
                return 0;
        }
        if (ret->outcome == FETCH_DONE && ret->data)
                return 1;
        fetch_reply_done(ret);
        return 0;
}

int signature_search_fetch(SignatureSearch *s, FetchKind kind, const char *reference, size_t max, FetchReply *ret)
{
        FetchRequest request = {
                .kind = kind,
                .registry = s->reference.registry,
                .repository = s->reference.path,
                .reference = reference,
                .max = max,
        };

        return fetch(s, &request, "looking for signatures", ret);
}

int signature_search_fetch_url(SignatureSearch *s, const char *url, size_t max, FetchReply *ret)
{
        return fetch(s, &(FetchRequest) { .kind = FETCH_URL, .url = url, .max = max }, "looking for signatures", ret);
}

bool signature_search_is_digest(const SignatureSearch *s, const char *digest)
{
        for (size_t i = 0; i < s->n_digests; i++)
                if (streq(DIGEST_STRING(&s->digests[i]), digest))
                        return true;
        return false;
}
