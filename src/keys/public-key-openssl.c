/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "basic/string-util.h"
#include "keys/public-key-internal.h"
#include "shared/explain.h"

#define RSA_BITS_MIN 2048
#define RSA_BITS_MAX 16384

/* The possible forms of a signature, tried in order. Nothing records which one the signer used. */
struct PublicKeyScheme {
        const char *hash;       /* NULL: the algorithm has its own hash */
        int padding;            /* RSA */
};

static const PublicKeyScheme p256_schemes[] = { { "SHA256", 0 } };
static const PublicKeyScheme p384_schemes[] = { { "SHA256", 0 }, { "SHA384", 0 } };
static const PublicKeyScheme p521_schemes[] = { { "SHA256", 0 }, { "SHA512", 0 } };
static const PublicKeyScheme rsa_schemes[] = { { "SHA256", RSA_PKCS1_PADDING }, { "SHA256", RSA_PKCS1_PSS_PADDING } };
static const PublicKeyScheme ed25519_schemes[] = { { NULL, 0 } };

static const struct {
        const char *group;
        const char *name;
        const PublicKeyScheme *schemes;
        size_t n_schemes;
} curves[] = {
        { "prime256v1", "P-256", p256_schemes, ELEMENTSOF(p256_schemes) },
        { "secp384r1", "P-384", p384_schemes, ELEMENTSOF(p384_schemes) },
        { "secp521r1", "P-521", p521_schemes, ELEMENTSOF(p521_schemes) },
};

static void done(PublicKey *k)
{
        EVP_PKEY_free(k->key);
}

static void bio_freep(BIO **b)
{
        BIO_free(*b);
}

#define _cleanup_bio_ _cleanup_(bio_freep)

static void md_context_freep(EVP_MD_CTX **c)
{
        EVP_MD_CTX_free(*c);
}

static int describe_curve(PublicKey *k, char **reterr_message)
{
        char group[64] = "";

        (void) EVP_PKEY_get_group_name(k->key, group, sizeof(group), NULL);
        for (size_t i = 0; i < ELEMENTSOF(curves); i++)
                if (streq(curves[i].group, group)) {
                        k->schemes = curves[i].schemes;
                        k->n_schemes = curves[i].n_schemes;
                        k->description = strjoin("ECDSA ", curves[i].name);
                        return k->description ? 0 : -ENOMEM;
                }
        return explain(reterr_message, EOPNOTSUPP,
                       "an ECDSA key on the curve %s; only P-256, P-384 and P-521 are supported",
                       *group ? group : "without a name");
}

static int describe_rsa(PublicKey *k, char **reterr_message)
{
        int bits = EVP_PKEY_get_bits(k->key);

        if (bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
                return explain(reterr_message, EOPNOTSUPP, "an RSA key of %i bits; %i to %i are supported", bits,
                               RSA_BITS_MIN, RSA_BITS_MAX);
        k->schemes = rsa_schemes;
        k->n_schemes = ELEMENTSOF(rsa_schemes);
        k->description = strprintf("RSA %i", bits);
        return k->description ? 0 : -ENOMEM;
}

static int describe(PublicKey *k, char **reterr_message)
{
        if (EVP_PKEY_is_a(k->key, "EC"))
                return describe_curve(k, reterr_message);
        if (EVP_PKEY_is_a(k->key, "RSA"))
                return describe_rsa(k, reterr_message);
        if (!EVP_PKEY_is_a(k->key, "ED25519"))
                return explain(reterr_message, EOPNOTSUPP,
                               "a key of the kind %s; only ECDSA, Ed25519 and RSA are supported",
                               strempty(EVP_PKEY_get0_type_name(k->key)));
        k->schemes = ed25519_schemes;
        k->n_schemes = ELEMENTSOF(ed25519_schemes);
        k->description = strdup("Ed25519");
        return k->description ? 0 : -ENOMEM;
}

static int take_fingerprint(PublicKey *k)
{
        unsigned char *der = NULL;
        int n = i2d_PUBKEY(k->key, &der), r;

        if (n <= 0)
                return -EBADMSG;
        r = digest_of_memory(DIGEST_SHA256, der, (size_t) n, &k->fingerprint);
        OPENSSL_free(der);
        return r;
}

/* Only one key and white space are allowed: a reviewer of the file must not overlook a second key in it. */
static int read_pem(const char *data, size_t n, EVP_PKEY **ret)
{
        static const char begin[] = "-----BEGIN PUBLIC KEY-----";
        _cleanup_bio_ BIO *bio = NULL;
        size_t blank = 0, rest;
        char c;

        while (blank < n && strchr(" \t\r\n", data[blank] ?: 'x'))
                blank++;
        if (n - blank < strlen(begin) || memcmp(data + blank, begin, strlen(begin)) != 0)
                return -EBADMSG;

        bio = BIO_new_mem_buf(data + blank, (int) (n - blank));
        if (!bio)
                return -ENOMEM;
        *ret = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
        ERR_clear_error();
        if (!*ret)
                return -EBADMSG;
        for (rest = BIO_ctrl_pending(bio); rest > 0; rest--)
                if (BIO_read(bio, &c, 1) != 1 || !strchr(" \t\r\n", c ?: 'x'))
                        return -EBADMSG;
        return 0;
}

static int parse(const char *data, size_t n, PublicKey **ret, char **reterr_message)
{
        _cleanup_(public_key_freep) PublicKey *k = new0(PublicKey, 1);
        int r;

        if (!k)
                return -ENOMEM;
        k->methods = &public_key_methods;
        if (n > PUBLIC_KEY_MAX)
                return explain(reterr_message, EBADMSG, "longer than %u bytes", PUBLIC_KEY_MAX);
        r = read_pem(data, n, &k->key);
        if (r == -EBADMSG)
                return explain(reterr_message, EBADMSG, "not a single public key in PEM");
        if (r < 0)
                return r;

        r = describe(k, reterr_message);
        if (r < 0)
                return r;
        r = take_fingerprint(k);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(k);
        return 0;
}

static int format(const PublicKey *k, char **ret)
{
        _cleanup_bio_ BIO *bio = BIO_new(BIO_s_mem());
        char *text;
        long n;

        if (!bio || PEM_write_bio_PUBKEY(bio, k->key) != 1)
                return -ENOMEM;
        n = BIO_get_mem_data(bio, &text);
        *ret = n > 0 ? string_from_bytes(text, (size_t) n) : NULL;
        return *ret ? 0 : -ENOMEM;
}

static bool fits(const PublicKey *k, const PublicKeyScheme *scheme, const void *data, size_t n, const void *signature,
                 size_t n_signature)
{
        _cleanup_(md_context_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
        EVP_PKEY_CTX *pc = NULL;
        bool good;

        good = c && EVP_DigestVerifyInit_ex(c, &pc, scheme->hash, NULL, NULL, k->key, NULL) == 1 &&
               (scheme->padding == 0 || EVP_PKEY_CTX_set_rsa_padding(pc, scheme->padding) > 0) &&
               (scheme->padding != RSA_PKCS1_PSS_PADDING ||
                EVP_PKEY_CTX_set_rsa_pss_saltlen(pc, RSA_PSS_SALTLEN_AUTO) > 0) &&
               EVP_DigestVerify(c, signature, n_signature, data, n) == 1;
        ERR_clear_error();
        return good;
}

static int verify(const PublicKey *k, const void *data, size_t n, const void *signature, size_t n_signature)
{
        for (size_t i = 0; i < k->n_schemes; i++)
                if (fits(k, &k->schemes[i], data, n, signature, n_signature))
                        return 0;
        return -EBADMSG;
}

__attribute__((visibility("default"))) const PublicKeyMethods public_key_methods = {
        .parse = parse,
        .done = done,
        .format = format,
        .verify = verify,
};
