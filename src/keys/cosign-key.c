/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "basic/base64.h"
#include "basic/string-util.h"
#include "config.h"
#include "keys/cosign-key.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"
#include "shared/json-table.h"

#if HAVE_LIBSODIUM
#include <sodium.h>
#endif

#define KIND "PRIVATE KEY-----"
/* Of scrypt; cosign needs 64 MiB. */
#define MEMORY_MAX (UINT64_C(1) << 30)
#define PARALLEL_MAX 16

bool cosign_key_is(const char *data, size_t n)
{
        static const char *const kinds[] = {
                "-----BEGIN ENCRYPTED SIGSTORE " KIND, "-----BEGIN ENCRYPTED COSIGN " KIND,
        };
        bool is = false;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                is = is || memmem(data, n, kinds[i], strlen(kinds[i]));
        return is;
}

#if HAVE_LIBSODIUM

/* The JSON object */

typedef struct ScryptParams {
        uint64_t n, r, p;
} ScryptParams;

typedef struct KeyDerivation {
        char *name;
        ScryptParams params;
        char *salt;
} KeyDerivation;

typedef struct KeyCipher {
        char *name;
        char *nonce;
} KeyCipher;

typedef struct KeyBox {
        KeyDerivation kdf;
        KeyCipher cipher;
        char *ciphertext;
} KeyBox;

static const JsonField params_table[] = {
        { "N", &json_uint64, offsetof(ScryptParams, n), JSON_MANDATORY },
        { "r", &json_uint64, offsetof(ScryptParams, r), JSON_MANDATORY },
        { "p", &json_uint64, offsetof(ScryptParams, p), JSON_MANDATORY },
        {}
};
static const JsonType json_params = JSON_STRUCT(ScryptParams, params_table, NULL);

static const JsonField derivation_table[] = {
        { "name",   &json_string, offsetof(KeyDerivation, name),   JSON_MANDATORY },
        { "params", &json_params, offsetof(KeyDerivation, params), JSON_MANDATORY },
        { "salt",   &json_string, offsetof(KeyDerivation, salt),   JSON_MANDATORY },
        {}
};
static const JsonType json_derivation = JSON_STRUCT(KeyDerivation, derivation_table, NULL);

static const JsonField cipher_table[] = {
        { "name",  &json_string, offsetof(KeyCipher, name),  JSON_MANDATORY },
        { "nonce", &json_string, offsetof(KeyCipher, nonce), JSON_MANDATORY },
        {}
};
static const JsonType json_cipher = JSON_STRUCT(KeyCipher, cipher_table, NULL);

static const JsonField box_table[] = {
        { "kdf",        &json_derivation, offsetof(KeyBox, kdf),        JSON_MANDATORY },
        { "cipher",     &json_cipher,     offsetof(KeyBox, cipher),     JSON_MANDATORY },
        { "ciphertext", &json_string,     offsetof(KeyBox, ciphertext), JSON_MANDATORY },
        {}
};
static const JsonType json_box = JSON_STRUCT(KeyBox, box_table, NULL);

static void box_freep(KeyBox **box)
{
        (void) json_document_free(&json_box, *box);
}

static int read_box(const unsigned char *text, size_t n, KeyBox **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_(box_freep) KeyBox *box = NULL;
        int r = json_parse_foreign((const char *) text, n, &o, &error);

        if (r >= 0)
                r = json_document_read(&json_box, o, (void **) &box, &error);
        if (r < 0)
                return explain(reterr_message, r == -ENOMEM ? r : -EBADMSG, "%s", json_error_message(&error, r));
        if (!streq(box->kdf.name, "scrypt") || !streq(box->cipher.name, "nacl/secretbox"))
                return explain(reterr_message, EOPNOTSUPP, "is encrypted with %s and %s, not with scrypt and "
                               "nacl/secretbox", box->kdf.name, box->cipher.name);
        *ret = TAKE_PTR(box);
        return 0;
}

/* The PEM around it */

static int read_pem(const char *data, size_t n, KeyBox **ret, char **reterr_message)
{
        BIO *bio = BIO_new_mem_buf(data, (int) n);
        char *name = NULL, *header = NULL;
        unsigned char *text = NULL;
        long size = 0;
        int r = !bio ? -ENOMEM : PEM_read_bio(bio, &name, &header, &text, &size) == 1 ? 0 : -EBADMSG;

        if (r >= 0)
                r = read_box(text, (size_t) size, ret, reterr_message);
        else
                (void) explain(reterr_message, r, "not a secret key in PEM");
        BIO_free(bio);
        ERR_clear_error();
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(text);
        return r;
}

/* Opening it */

static bool is_affordable(const ScryptParams *s)
{
        return s->r > 0 && s->p > 0 && s->p <= PARALLEL_MAX && s->r <= MEMORY_MAX / 128 &&
               s->n <= MEMORY_MAX / 128 / s->r;
}

static int derive(const KeyDerivation *d, const char *passphrase, unsigned char *key, char **reterr_message)
{
        _cleanup_free_ char *salt = NULL;
        const ScryptParams *s = &d->params;
        size_t n;
        int r = base64_decode(d->salt, &salt, &n);

        if (r < 0)
                return r;
        if (!is_affordable(s))
                return explain(reterr_message, EOPNOTSUPP, "wants scrypt to use more than a gigabyte of memory");
        if (EVP_PBE_scrypt(passphrase, strlen(passphrase), (unsigned char *) salt, n, s->n, s->r, s->p, 2 * MEMORY_MAX,
                           key, crypto_secretbox_KEYBYTES) == 1)
                return 0;
        ERR_clear_error();
        return explain(reterr_message, EBADMSG, "has parameters that scrypt does not take");
}

static int open_box(const KeyBox *box, const unsigned char *key, void **ret, size_t *ret_size)
{
        _cleanup_free_ char *nonce = NULL, *sealed = NULL;
        size_t n_nonce, n;
        unsigned char *opened;
        int r = base64_decode(box->cipher.nonce, &nonce, &n_nonce);

        if (r >= 0)
                r = base64_decode(box->ciphertext, &sealed, &n);
        if (r < 0)
                return r == -EINVAL ? -EBADMSG : r;
        if (n_nonce != crypto_secretbox_NONCEBYTES || n <= crypto_secretbox_MACBYTES)
                return -EBADMSG;
        opened = malloc(n - crypto_secretbox_MACBYTES);
        if (!opened)
                return -ENOMEM;
        if (crypto_secretbox_open_easy(opened, (unsigned char *) sealed, n, (unsigned char *) nonce, key) != 0) {
                free(opened);
                return -EKEYREJECTED;
        }
        *ret = opened;
        *ret_size = n - crypto_secretbox_MACBYTES;
        return 0;
}

int cosign_key_open(const char *data, size_t n, const char *passphrase, void **ret, size_t *ret_size,
                    char **reterr_message)
{
        unsigned char key[crypto_secretbox_KEYBYTES];
        _cleanup_(box_freep) KeyBox *box = NULL;
        int r = read_pem(data, n, &box, reterr_message);

        if (r >= 0 && sodium_init() < 0)
                r = -EIO;
        if (r >= 0)
                r = derive(&box->kdf, passphrase, key, reterr_message);
        if (r >= 0)
                r = open_box(box, key, ret, ret_size);
        explicit_bzero(key, sizeof(key));
        return r == -EINVAL ? -EBADMSG : r;
}

#else

int cosign_key_open(const char *data, size_t n, const char *passphrase, void **ret, size_t *ret_size,
                    char **reterr_message)
{
        return explain(reterr_message, EOPNOTSUPP, "a key that cosign encrypted, which this podctl cannot read, since "
                       "it was built without libsodium; make one with openssl genpkey, which 'cosign import-key-pair' "
                       "can read as well");
}

#endif
