/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/trust/key-file.h"
#include "keys/gpg.h"
#include "keys/public-key.h"
#include "shared/explain.h"

void key_file_done(KeyFile *f)
{
        for (size_t i = 0; i < f->n; i++) {
                FoundKey *k = &f->keys[i];

                free(k->fingerprint);
                strv_free(k->subkeys);
                strv_free(k->identities);
                free(k->problem);
                free(k->text);
        }
        free(f->keys);
        *f = (KeyFile) {};
}

static int parse_pem(const char *data, size_t n, KeyFile *ret, char **reterr_message)
{
        _cleanup_(public_key_freep) PublicKey *k = NULL;
        FoundKey *found;
        int r;

        r = public_key_parse(data, n, &k, reterr_message);
        if (r < 0)
                return r;
        ret->keys = found = new0(FoundKey, 1);
        if (!found)
                return -ENOMEM;
        ret->n = 1;
        found->kind = KEY_COSIGN;
        found->fingerprint = strdup(DIGEST_FILE(public_key_fingerprint(k)));
        if (!found->fingerprint)
                return -ENOMEM;
        r = strv_extend(&found->identities, public_key_description(k));
        if (r < 0)
                return r;
        return public_key_format(k, &found->text);
}

static int parse_gpg(const char *data, size_t n, KeyFile *ret, char **reterr_message)
{
        GpgKeys keys = {};
        int r;

        r = gpg_read_keys(data, n, &keys, reterr_message);
        if (r < 0)
                return r;
        ret->keys = new0(FoundKey, keys.n_keys);
        for (size_t i = 0; ret->keys && i < keys.n_keys; i++) {
                GpgKey *k = &keys.keys[i];

                ret->keys[ret->n++] = (FoundKey) {
                        .kind = KEY_OPENPGP,
                        .fingerprint = TAKE_PTR(k->fingerprint),
                        .subkeys = TAKE_PTR(k->subkeys),
                        .identities = TAKE_PTR(k->identities),
                        .problem = TAKE_PTR(k->problem),
                        .text = TAKE_PTR(k->armoured),
                };
        }
        gpg_keys_done(&keys);
        return ret->keys ? 0 : -ENOMEM;
}

/* What users mistake for a public key. */
static const struct {
        const char *words;
        const char *message;
} mistakes[] = {
        { "PRIVATE KEY-----", "a private key: keep it to yourself, and give the public one (openssl pkey -pubout, "
                              "cosign public-key)" },
        { "-----BEGIN CERTIFICATE-----", "a certificate: give the public key in it (openssl x509 -pubkey -noout)" },
        { "-----BEGIN RSA PUBLIC KEY-----", "a key in PKCS #1 format: convert it (openssl rsa -RSAPublicKey_in "
                                            "-pubout)" },
};

int key_file_parse(const char *data, size_t n, KeyFile *ret, char **reterr_message)
{
        KeyFile f = {};
        int r;

        for (size_t i = 0; i < ELEMENTSOF(mistakes); i++)
                if (memmem(data, n, mistakes[i].words, strlen(mistakes[i].words)))
                        return explain(reterr_message, EBADMSG, "%s", mistakes[i].message);
        r = memmem(data, n, "-----BEGIN PUBLIC KEY-----", 26) ? parse_pem(data, n, &f, reterr_message)
                                                              : parse_gpg(data, n, &f, reterr_message);
        if (r < 0)
                key_file_done(&f);
        else
                *ret = f;
        return r;
}
