/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/trust/image-verify.h"
#include "image/trust/signature-search.h"
#include "image/trust/signature-stores.h"
#include "manifest/ac-types.h"
#include "shared/explain.h"

#define DO_WITHOUT "--insecure-options=image"

static Keystore keystore_of(const ImageVerify *v)
{
        return (Keystore) { v->system_config, v->local_config };
}

/* A missing key is usually caused by an invalid key file. */
static void add_key_problems(const KeyRing *ring, char **reterr_message)
{
        STRV_FOREACH(problem, ring ? key_ring_problems(ring) : NULL) {
                char *longer = reterr_message && *reterr_message ? strjoin(*reterr_message, "; ", *problem) : NULL;

                if (longer) {
                        free(*reterr_message);
                        *reterr_message = longer;
                }
        }
}

/* ACIs */

static int refuse_aci(const KeyRing *ring, const char *name, int r, const char *why, char **reterr_message)
{
        if (r != -ENOKEY)
                return why ? explain(reterr_message, r, "%s: signature: %s", name, why) : r;
        (void) explain(reterr_message, r, "%s: the signature was %s for it: podctl trust --prefix=%s KEYFILE", name,
                       strempty(why), name);
        add_key_problems(ring, reterr_message);
        return r;
}

static int verify_aci(const KeyRing *ring, const char *name, const GpgSigned *what, ImageTrust *ret,
                      char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = key_ring_verify_detached(ring, what, ret, &message);
        if (r < 0)
                return refuse_aci(ring, name, r, message, reterr_message);
        r = image_trust_set(ret, TRUST_OPENPGP, name);
        if (r < 0)
                image_trust_done(ret);
        return r;
}

int image_verify_aci(const ImageVerify *v, const char *name, int fd, const char *signature, size_t n_signature,
                     ImageTrust *ret, char **reterr_message)
{
        const GpgSigned what = { .signature = signature, .signature_size = n_signature, .fd = fd };
        const Keystore keystore = keystore_of(v);
        _cleanup_(key_ring_freep) KeyRing *ring = NULL;
        int r;

        r = key_ring_load(&keystore, name, &ring, reterr_message);
        return r < 0 ? r : verify_aci(ring, name, &what, ret, reterr_message);
}

int image_verify_aci_unsigned(const char *name, const char *where, char **reterr_message)
{
        return explain(reterr_message, ENODATA, "%s: no signature found at %s; give --signature=FILE, or " DO_WITHOUT
                       " to use it anyway", name, where);
}

/* Images of registries */

static int find_stores(const ImageVerify *v, const char *repository, char ***ret, char **reterr_message)
{
        const char *const roots[] = { v->system_config ?: KEYSTORE_SYSTEM, v->local_config ?: KEYSTORE_LOCAL, NULL };
        _cleanup_(signature_stores_done) SignatureStores stores = {};
        int r;

        r = signature_stores_read(roots, &stores, reterr_message);
        if (r < 0)
                return r;
        return signature_stores_find(&stores, repository, ret);
}

/* Searches only for the kinds of signatures that could be valid; without any key, for all kinds, to report whose key is
 * missing. */
static int search_all(SignatureSearch *s)
{
        size_t n_openpgp = key_ring_count(s->ring, KEY_OPENPGP), n_cosign = key_ring_count(s->ring, KEY_COSIGN);
        int r = 0;

        if (n_cosign > 0 || n_openpgp == 0)
                r = cosign_search(s);
        if (r == 0 && (n_openpgp > 0 || n_cosign == 0))
                r = simple_signing_search(s);
        return r;
}

static int refuse_without_signature(const SignatureSearch *s, const char *name, const char *repository,
                                    char **reterr_message)
{
        _cleanup_free_ char *stores = strv_join(s->stores, ", ");
        bool any_key = key_ring_count(s->ring, KEY_OPENPGP) + key_ring_count(s->ring, KEY_COSIGN) > 0;

        if (!stores)
                return -ENOMEM;
        if (!any_key && !s->unasked)
                return explain(reterr_message, ENODATA, "%s: no signature found, and no key is trusted for %s; give "
                               DO_WITHOUT " to use it anyway", name, repository);
        return explain(reterr_message, ENODATA, "%s: no signature found in %s%s%s; give " DO_WITHOUT
                       " to use it anyway", name, s->unasked ? "" : "its registry",
                       *stores ? s->unasked ? "" : " or " : s->unasked ? "any directory of signatures.d" : "",
                       stores);
}

static int refuse(const SignatureSearch *s, const char *name, const char *repository, char **reterr_message)
{
        int r = s->error;

        switch (r) {
        case 0:
                r = refuse_without_signature(s, name, repository, reterr_message);
                break;
        case -ENOKEY:
                r = explain(reterr_message, r,
                            "%s: %s; to trust the key for this image: podctl trust --prefix=%s KEYFILE", name,
                            strempty(s->problem), repository);
                break;
        default:
                r = explain(reterr_message, r, "%s: %s; give " DO_WITHOUT " to use it anyway", name,
                            strempty(s->problem));
        }
        add_key_problems(s->ring, reterr_message);
        return r;
}

static int load_keys_and_stores(const ImageVerify *v, const char *repository, KeyRing **ret_ring, char ***ret_stores,
                                char **reterr_message)
{
        const Keystore keystore = keystore_of(v);
        int r;

        r = key_ring_load(&keystore, repository, ret_ring, reterr_message);
        return r < 0 ? r : find_stores(v, repository, ret_stores, reterr_message);
}

static int verify_named(const ImageVerify *v, SignatureSearch *s, const char *name, const char *repository,
                        ImageTrust *ret, char **reterr_message)
{
        _cleanup_(key_ring_freep) KeyRing *ring = NULL;
        int r;

        r = load_keys_and_stores(v, repository, &ring, &s->stores, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "%s", name);
        s->ring = ring;

        r = search_all(s);
        if (r == 0)
                return refuse(s, name, repository, reterr_message);
        if (r > 0)
                *ret = s->trust;
        return r < 0 ? r : 0;
}

int image_verify_has_keys(const ImageVerify *v, const char *name, char **reterr_message)
{
        const Keystore keystore = keystore_of(v);
        _cleanup_free_ char *repository = NULL;
        DockerReference reference = {};
        _cleanup_(trusted_keys_done) TrustedKeys keys = {};
        int r;

        if (docker_reference_parse(name, &reference) >= 0)
                repository = docker_reference_repository(&reference);
        else if (ac_identifier_is_valid(name))
                repository = strdup(name);
        else
                return 0; /* a name that only exists in this store */
        docker_reference_done(&reference);
        r = repository ? keystore_find(&keystore, repository, &keys, reterr_message) : -ENOMEM;
        if (r < 0)
                return r;
        return keys.n > 0;
}

int image_verify_claim(const ImageVerify *v, const ImageClaim *claim, ImageTrust *ret, char **reterr_message)
{
        SignatureSearch s = {
                .name = claim->name, .digests = claim->digests, .n_digests = claim->n_digests, .fetcher = v->fetcher,
        };
        _cleanup_free_ char *repository = NULL;
        int r;

        if (claim->pinned)
                return image_trust_set(ret, TRUST_DIGEST, claim->name);

        r = docker_reference_parse(claim->name, &s.reference);
        if (r == -EINVAL)
                return explain(reterr_message, r,
                               "%s: cannot be verified: it is not the name of an image in a registry; "
                               "give " DO_WITHOUT " to use it anyway", claim->name);
        if (r < 0)
                return r;
        if (!s.reference.tag && !s.reference.has_digest)
                s.reference.tag = strdup("latest");
        repository = docker_reference_repository(&s.reference);
        r = repository && (s.reference.tag || s.reference.has_digest)
                    ? verify_named(v, &s, claim->name, repository, ret, reterr_message)
                    : -ENOMEM;
        docker_reference_done(&s.reference);
        strv_free(s.stores);
        free(s.problem);
        return r;
}
