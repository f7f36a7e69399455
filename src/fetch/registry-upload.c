/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "fetch/registry-upload.h"
#include "fetch/url.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

#define PART_SIZE (UINT64_C(32) * 1024 * 1024)
#define PART_MIN (UINT64_C(1) * 1024 * 1024)
/* In a row, without a byte more at the registry. */
#define ATTEMPTS_MAX 6U

typedef struct Upload {
        const Exchange *x;
        const RegistryJob *job;
        char *location;         /* where it goes on, which may be another place after each part */
        uint64_t at;            /* what the registry has */
        uint64_t part;
        uint64_t part_min;
        HttpReply *reply;
        char **reterr_message;
} Upload;

bool registry_upload_is_large(uint64_t size)
{
        return size > 2 * PART_SIZE;
}

/* What registries say to a success is not needed. */
static int send_request(const Upload *u, const HttpRequest *request, char **reterr_message)
{
        HttpSink sink = { .fd = -EBADF, .max = OCI_DOCUMENT_MAX };
        int r = exchange_request(u->x, request, &sink, u->reply, reterr_message);

        free(sink.data);
        return r;
}

static int take_location(Upload *u)
{
        if (u->reply->location) {
                free(u->location);
                u->location = TAKE_PTR(u->reply->location);
        }
        return u->location ? 0 : explain(u->reterr_message, EPROTO, "the registry does not say where to send it");
}

/* Its last part, or all, or nothing: the registry has it when this is done. */
static int finish(Upload *u, const HttpBody *body)
{
        _cleanup_free_ char *url = NULL;
        char *headers[] = { (char *) "Content-Type: application/octet-stream", NULL };
        int r = url_add_query(u->location, "digest", u->job->message->reference, &url);

        return r < 0 ? r : send_request(u, &(HttpRequest) { .url = url, .headers = headers, .body = body },
                                        u->reterr_message);
}

/* As a whole */

/* By those who want parts, or who have somebody before them who does not let so much through. */
static bool wants_parts(long status)
{
        static const long statuses[] = { 400, 405, 411, 413, 415, 416, 501 };
        bool found = false;

        for (size_t i = 0; i < ELEMENTSOF(statuses); i++)
                found = found || statuses[i] == status;
        return found;
}

int registry_upload_whole(const Exchange *x, const RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        Upload u = { .x = x, .job = job, .reply = ret, .reterr_message = &message };
        int r = take_location(&u);

        if (r >= 0)
                r = finish(&u, &(HttpBody) { .fd = job->fd, .size = job->message->size });
        free(u.location);
        if (r < 0 && wants_parts(ret->status))
                return -EAGAIN;
        return message ? explain(reterr_message, r, "%s", message) : r;
}

/* In parts */

/* "0-99": the last byte that is there; "0-0" is said of nothing as well. */
static int take_range(Upload *u)
{
        const char *range = u->reply->range ?: "0-0", *end;
        uint64_t last;

        range = startswith(range, "bytes=") ?: range;
        end = startswith(range, "0-");
        if (!end || parse_uint64(end, &last) < 0 || last >= u->job->message->size)
                return explain(u->reterr_message, EPROTO, "the registry says that it has '%s' of it", range);
        u->at = last > 0 ? last + 1 : 0;
        return 0;
}

/* What came before the connection broke is not lost. */
static int ask(Upload *u, char **reterr_message)
{
        int r = send_request(u, &(HttpRequest) { .url = u->location, .bodiless = true }, reterr_message);

        if (r >= 0)
                r = take_location(u);
        return r < 0 ? r : take_range(u);
}

static int send_part(Upload *u, char **reterr_message)
{
        const uint64_t n = MIN(u->part, u->job->message->size - u->at);
        const HttpBody body = { .fd = u->job->fd, .from = u->at, .size = n };
        _cleanup_free_ char *range = strprintf("Content-Range: %" PRIu64 "-%" PRIu64, u->at, u->at + n - 1);
        char *headers[] = { (char *) "Content-Type: application/octet-stream", range, NULL };
        int r = !range ? -ENOMEM : send_request(u, &(HttpRequest) { .url = u->location, .method = "PATCH",
                                                                    .headers = headers, .body = &body },
                                                reterr_message);

        if (r >= 0)
                r = take_location(u);
        if (r < 0)
                return r;
        /* Not all say what they have by now, and "0-0" says little of a single byte: then it is what was sent. */
        if (u->reply->range && u->job->message->size > 1)
                return take_range(u);
        u->at += n;
        return 0;
}

/* The registry, or the way to it, may be all right in a moment, or with less at once. */
static bool can_go_on(Upload *u, int r)
{
        if (r == -EFBIG && u->part / 2 >= MAX(u->part_min, PART_MIN)) {
                u->part /= 2;
                return true;
        }
        return r == -ECONNRESET || r == -ETIMEDOUT || r == -EREMOTEIO || r == -ERANGE;
}

static int send_parts(Upload *u)
{
        unsigned attempts = 0;

        while (u->at < u->job->message->size) {
                _cleanup_free_ char *message = NULL, *asking = NULL;
                const uint64_t before = u->at;
                int r = send_part(u, &message);

                if (r < 0 && can_go_on(u, r) && attempts < ATTEMPTS_MAX && !u->x->probing) {
                        /* Without an answer, what went wrong is what is told. */
                        if (ask(u, &asking) < 0)
                                return explain(u->reterr_message, r, "%s", explained(message, r));
                        r = 0;
                }
                if (r < 0)
                        return message ? explain(u->reterr_message, r, "%s", message) : r;
                attempts = u->at > before ? 0 : attempts + 1;
                if (attempts > ATTEMPTS_MAX)
                        return explain(u->reterr_message, EPROTO, "the registry takes no more than %" PRIu64
                                       " bytes of it", u->at);
        }
        return 0;
}

int registry_upload_parts(const Exchange *x, const RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        Upload u = { .x = x, .job = job, .part_min = ret->chunk_min, .part = MAX(PART_SIZE, ret->chunk_min),
                     .reply = ret, .reterr_message = reterr_message };
        int r = take_location(&u);

        if (r >= 0)
                r = send_parts(&u);
        if (r >= 0)
                r = finish(&u, &(HttpBody) { .fd = job->fd });
        free(u.location);
        return r;
}
