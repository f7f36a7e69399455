/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "basic/string-util.h"
#include "keys/cosign-key.h"
#include "keys/secret-key-internal.h"
#include "shared/explain.h"

static void done(SecretKey *k)
{
        EVP_PKEY_free(k->key);
}

typedef struct Question {
        SecretKeyAsk ask;
        void *userdata;
        bool asked;
        int error;              /* what the answer was instead of a passphrase */
        char **reterr_message;
} Question;

static int ask(Question *q, char **ret)
{
        q->asked = true;
        q->error = q->ask(q->userdata, ret, q->reterr_message);
        return q->error;
}

static void forget(char *passphrase)
{
        if (passphrase)
                explicit_bzero(passphrase, strlen(passphrase));
        free(passphrase);
}

/* As OpenSSL asks: what is longer than its buffer is not the passphrase of such a key. */
static int answer(char *buffer, int size, int writing, void *userdata)
{
        char *passphrase = NULL;
        size_t n;
        int r = ask(userdata, &passphrase);

        if (r < 0)
                return -1;
        n = strlen(passphrase);
        r = n > (size_t) size ? -1 : (int) n;
        if (r >= 0)
                memcpy(buffer, passphrase, n);
        forget(passphrase);
        return r;
}

static EVP_PKEY *read_pem(const char *data, size_t n, Question *q)
{
        BIO *bio = BIO_new_mem_buf(data, (int) n);
        EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, answer, q) : NULL;

        BIO_free(bio);
        ERR_clear_error();
        return key;
}

static int open_of_cosign(const char *data, size_t n, Question *q, EVP_PKEY **ret)
{
        char *passphrase = NULL;
        const unsigned char *at;
        void *der = NULL;
        size_t size = 0;
        int r = ask(q, &passphrase);

        if (r >= 0)
                r = cosign_key_open(data, n, passphrase, &der, &size, q->reterr_message);
        forget(passphrase);
        if (r < 0)
                return r;
        at = der;
        *ret = d2i_AutoPrivateKey(NULL, &at, (long) size);
        ERR_clear_error();
        explicit_bzero(der, size);
        free(der);
        return *ret ? 0 : -EBADMSG;
}

static int open_key(const char *data, size_t n, Question *q, EVP_PKEY **ret)
{
        int r;

        if (cosign_key_is(data, n))
                r = open_of_cosign(data, n, q, ret);
        else {
                *ret = read_pem(data, n, q);
                r = *ret ? 0 : q->error < 0 ? q->error : q->asked ? -EKEYREJECTED : -EBADMSG;
        }
        return r == -EKEYREJECTED && !q->error ? explain(q->reterr_message, r, "not the right passphrase") : r;
}

/* By the public half, whose kind is known to those who verify. */
static int find_public(SecretKey *k, char **reterr_message)
{
        BIO *bio = BIO_new(BIO_s_mem());
        char *text = NULL;
        long n = bio && PEM_write_bio_PUBKEY(bio, k->key) == 1 ? BIO_get_mem_data(bio, &text) : 0;
        int r = n > 0 ? public_key_parse(text, (size_t) n, &k->public_key, reterr_message) : -EBADMSG;

        BIO_free(bio);
        return r;
}

static int parse(const char *data, size_t n, SecretKeyAsk asking, void *userdata, SecretKey **ret,
                 char **reterr_message)
{
        _cleanup_(secret_key_freep) SecretKey *k = new0(SecretKey, 1);
        Question q = { .ask = asking, .userdata = userdata, .reterr_message = reterr_message };
        int r;

        if (!k)
                return -ENOMEM;
        k->methods = &secret_key_methods;
        if (n > PUBLIC_KEY_MAX)
                return explain(reterr_message, EBADMSG, "longer than %u bytes", PUBLIC_KEY_MAX);
        r = open_key(data, n, &q, &k->key);
        if (r == -EBADMSG && !(reterr_message && *reterr_message))
                return explain(reterr_message, r, "not a secret key in PEM");
        if (r < 0)
                return r;
        r = find_public(k, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(k);
        return 0;
}

static bool sign_with(EVP_MD_CTX *c, const SecretKey *k, const void *data, size_t n, unsigned char **ret,
                      size_t *ret_size)
{
        const char *hash = EVP_PKEY_is_a(k->key, "ED25519") ? NULL : "SHA256";
        bool good = EVP_DigestSignInit_ex(c, NULL, hash, NULL, NULL, k->key, NULL) == 1 &&
                    EVP_DigestSign(c, NULL, ret_size, data, n) == 1;

        *ret = good ? malloc(*ret_size) : NULL;
        return *ret && EVP_DigestSign(c, *ret, ret_size, data, n) == 1;
}

static int sign(const SecretKey *k, const void *data, size_t n, void **ret, size_t *ret_size)
{
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        unsigned char *signature = NULL;
        bool good = c && sign_with(c, k, data, n, &signature, ret_size);

        EVP_MD_CTX_free(c);
        ERR_clear_error();
        if (!good) {
                free(signature);
                return -EIO;
        }
        *ret = signature;
        return 0;
}

__attribute__((visibility("default"))) const SecretKeyMethods secret_key_methods = {
        .parse = parse,
        .done = done,
        .sign = sign,
};
