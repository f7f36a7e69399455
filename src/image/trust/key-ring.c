/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/trust/key-ring.h"
#include "keys/public-key.h"
#include "shared/explain.h"

/* What the file of a trusted key contains. */
typedef struct LoadedKey {
        char *data;
        size_t size;
        PublicKey *cosign;
} LoadedKey;

struct KeyRing {
        TrustedKeys trusted;
        LoadedKey *loaded;      /* one for each trusted key */
        GpgKeyData *gpg;        /* the OpenPGP ones, borrowed */
        size_t n_gpg;
        char **problems;
};

KeyRing *key_ring_free(KeyRing *ring)
{
        if (!ring)
                return NULL;
        for (size_t i = 0; ring->loaded && i < ring->trusted.n; i++) {
                free(ring->loaded[i].data);
                public_key_free(ring->loaded[i].cosign);
        }
        free(ring->loaded);
        free(ring->gpg);
        strv_free(ring->problems);
        trusted_keys_done(&ring->trusted);
        return mfree(ring);
}

static int load_cosign(const TrustedKey *key, LoadedKey *loaded, char **reterr_message)
{
        _cleanup_(public_key_freep) PublicKey *k = NULL;
        int r;

        r = public_key_parse(loaded->data, loaded->size, &k, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "%s", key->path);
        if (!streq(DIGEST_FILE(public_key_fingerprint(k)), key->fingerprint))
                return explain(reterr_message, EBADMSG, "%s: holds another key, %s", key->path,
                               DIGEST_FILE(public_key_fingerprint(k)));
        loaded->cosign = TAKE_PTR(k);
        return 0;
}

static int load(KeyRing *ring, size_t i, char **reterr_message)
{
        const TrustedKey *key = &ring->trusted.keys[i];
        LoadedKey *loaded = &ring->loaded[i];
        int r;

        r = trusted_key_read(key, &loaded->data, &loaded->size, reterr_message);
        if (r < 0)
                return r;
        if (key->kind == KEY_COSIGN)
                return load_cosign(key, loaded, reterr_message);
        ring->gpg[ring->n_gpg++] = (GpgKeyData) { loaded->data, loaded->size };
        return 0;
}

int key_ring_load(const Keystore *k, const char *name, KeyRing **ret, char **reterr_message)
{
        _cleanup_(key_ring_freep) KeyRing *ring = new0(KeyRing, 1);
        int r;

        if (!ring)
                return -ENOMEM;
        r = keystore_find(k, name, &ring->trusted, reterr_message);
        if (r < 0)
                return r;
        ring->loaded = new0(LoadedKey, ring->trusted.n);
        ring->gpg = new0(GpgKeyData, ring->trusted.n);
        if (!ring->loaded || !ring->gpg)
                return -ENOMEM;

        for (size_t i = 0; i < ring->trusted.n; i++) {
                char *message = NULL;

                r = load(ring, i, &message);
                if (r == -ENOMEM || (r < 0 && strv_consume(&ring->problems, message ?: strdup(strerror(-r))) < 0))
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(ring);
        return 0;
}

size_t key_ring_count(const KeyRing *ring, KeyKind kind)
{
        size_t n = 0;

        for (size_t i = 0; i < ring->trusted.n; i++)
                n += ring->trusted.keys[i].kind == kind;
        return n;
}

char *const *key_ring_problems(const KeyRing *ring)
{
        return ring->problems;
}

static int fill_trust(const TrustedKey *key, const char *identity, ImageTrust *ret)
{
        ret->key = strdup(key->fingerprint);
        ret->prefix = key->prefix ? strdup(key->prefix) : NULL;
        ret->identity = identity ? strdup(identity) : NULL;
        if (!ret->key || (key->prefix && !ret->prefix) || (identity && !ret->identity)) {
                image_trust_done(ret);
                return -ENOMEM;
        }
        return 0;
}

/* The most specific trust comes first. A file may contain more keys than the one in its name: those do not count. */
static int accept_gpg(const KeyRing *ring, const GpgSignature *s, ImageTrust *ret, char **reterr_message)
{
        for (size_t i = 0; i < ring->trusted.n; i++) {
                const TrustedKey *key = &ring->trusted.keys[i];

                if (key->kind == KEY_OPENPGP && streq(key->fingerprint, s->fingerprint))
                        return fill_trust(key, s->identities ? s->identities[0] : NULL, ret);
        }
        return explain(reterr_message, ENOKEY,
                       "made by key %s, which is not trusted, though it is in the file of another", s->fingerprint);
}

int key_ring_verify_detached(const KeyRing *ring, const GpgSigned *what, ImageTrust *ret, char **reterr_message)
{
        _cleanup_(gpg_signature_done) GpgSignature s = {};
        int r;

        r = gpg_verify_detached(ring->gpg, ring->n_gpg, what, &s, reterr_message);
        if (r < 0)
                return r;
        return accept_gpg(ring, &s, ret, reterr_message);
}

int key_ring_verify_inline(const KeyRing *ring, GpgSigned *what, ImageTrust *ret, char **reterr_message)
{
        _cleanup_(gpg_signature_done) GpgSignature s = {};
        int r;

        r = gpg_verify_inline(ring->gpg, ring->n_gpg, what, &s, reterr_message);
        if (r < 0)
                return r;
        r = accept_gpg(ring, &s, ret, reterr_message);
        if (r < 0)
                what->payload = mfree(what->payload);
        return r;
}

int key_ring_verify_cosign(const KeyRing *ring, const void *data, size_t n, const void *signature, size_t n_signature,
                           ImageTrust *ret, char **reterr_message)
{
        for (size_t i = 0; i < ring->trusted.n; i++) {
                const PublicKey *k = ring->loaded[i].cosign;

                if (k && public_key_verify(k, data, n, signature, n_signature) >= 0)
                        return fill_trust(&ring->trusted.keys[i], public_key_description(k), ret);
        }
        return key_ring_count(ring, KEY_COSIGN) == 0
                       ? explain(reterr_message, ENOKEY, "there is one, but no key that could have made it is trusted")
                       : explain(reterr_message, ENOKEY, "made by none of the %zu trusted keys",
                                 key_ring_count(ring, KEY_COSIGN));
}
