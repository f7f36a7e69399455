/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "basic/string-util.h"
#include "shared/explain.h"
#include "shared/secret-key.h"

struct SecretKey {
        EVP_PKEY *key;
        PublicKey *public_key;
};

SecretKey *secret_key_free(SecretKey *k)
{
        if (!k)
                return NULL;
        EVP_PKEY_free(k->key);
        public_key_free(k->public_key);
        return mfree(k);
}

static const char *find_begin(const char *data, size_t n)
{
        static const char begin[] = "-----BEGIN ";

        return memmem(data, n, begin, strlen(begin));
}

static bool has(const char *data, size_t n, const char *text)
{
        return memmem(data, n, text, strlen(text));
}

bool secret_key_is_pem(const char *data, size_t n)
{
        return find_begin(data, n) && has(data, n, "PRIVATE KEY-----");
}

/* With scrypt and NaCl's secretbox, which OpenSSL does not have. */
static bool is_of_cosign(const char *data, size_t n)
{
        return has(data, n, "-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----") ||
               has(data, n, "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----");
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

int secret_key_parse(const char *data, size_t n, SecretKey **ret, char **reterr_message)
{
        _cleanup_(secret_key_freep) SecretKey *k = new0(SecretKey, 1);
        BIO *bio;
        int r;

        if (!k)
                return -ENOMEM;
        if (n > PUBLIC_KEY_MAX)
                return explain(reterr_message, EBADMSG, "longer than %u bytes", PUBLIC_KEY_MAX);
        if (is_of_cosign(data, n))
                return explain(reterr_message, EOPNOTSUPP, "a key that cosign encrypted, which only cosign can read; "
                               "make one with openssl genpkey, which 'cosign import-key-pair' can read as well");
        bio = BIO_new_mem_buf(data, (int) n);
        if (!bio)
                return -ENOMEM;
        k->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
        BIO_free(bio);
        ERR_clear_error();
        if (!k->key)
                return explain(reterr_message, EBADMSG, "not a secret key in PEM, or not the right passphrase");
        r = find_public(k, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(k);
        return 0;
}

const PublicKey *secret_key_public(const SecretKey *k)
{
        return k->public_key;
}

static bool sign(EVP_MD_CTX *c, const SecretKey *k, const void *data, size_t n, unsigned char **ret, size_t *ret_size)
{
        const char *hash = EVP_PKEY_is_a(k->key, "ED25519") ? NULL : "SHA256";
        bool good = EVP_DigestSignInit_ex(c, NULL, hash, NULL, NULL, k->key, NULL) == 1 &&
                    EVP_DigestSign(c, NULL, ret_size, data, n) == 1;

        *ret = good ? malloc(*ret_size) : NULL;
        return *ret && EVP_DigestSign(c, *ret, ret_size, data, n) == 1;
}

int secret_key_sign(const SecretKey *k, const void *data, size_t n, void **ret, size_t *ret_size)
{
        EVP_MD_CTX *c = EVP_MD_CTX_new();
        unsigned char *signature = NULL;
        bool good = c && sign(c, k, data, n, &signature, ret_size);

        EVP_MD_CTX_free(c);
        ERR_clear_error();
        if (!good) {
                free(signature);
                return -EIO;
        }
        *ret = signature;
        return 0;
}
