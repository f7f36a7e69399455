/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-signing.h"

#include "config.h"
#include "keys/secret-key.h"

/* The passphrase; without one, nobody is there to be asked. */
static int answer(void *userdata, char **ret, char **reterr_message)
{
        if (!userdata)
                return -ENOTTY;
        *ret = strdup(userdata);
        cr_assert_not_null(*ret);
        return 0;
}

static int parse_with(Signing *s, const char *name, const char *passphrase, SecretKey **ret)
{
        _cleanup_free_ char *message = NULL, *text = NULL;
        size_t n;

        text = signing_read(s, name, &n);
        return secret_key_parse(text, n, answer, (void *) passphrase, ret, &message);
}

static int parse(Signing *s, const char *name, SecretKey **ret)
{
        return parse_with(s, name, NULL, ret);
}

/* What is signed here is what the public half verifies, and openssl too. */
Test(secret_key, kinds)
{
        static const struct {
                const char *key, *description, *verify;
        } cases[] = {
                { P256, "ECDSA P-256", "openssl dgst -sha256 -verify a.pub -signature sig data" },
                { P384, "ECDSA P-384", "openssl dgst -sha256 -verify a.pub -signature sig data" },
                { RSA2048, "RSA 2048", "openssl dgst -sha256 -verify a.pub -signature sig data" },
                { ED25519, "Ed25519", "openssl pkeyutl -verify -rawin -pubin -inkey a.pub -sigfile sig -in data" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Signing s = signing_new();
                _cleanup_(secret_key_freep) SecretKey *k = NULL;
                _cleanup_free_ char *data = NULL;
                _cleanup_free_ void *signature = NULL;
                size_t n, n_signature;

                signing_cosign_key(&s, "a", cases[i].key);
                signing_run(&s, "echo hello >data");
                cr_assert_eq(parse(&s, "a.key", &k), 0);
                cr_expect_str_eq(public_key_description(secret_key_public(k)), cases[i].description);
                data = signing_read(&s, "data", &n);
                cr_assert_eq(secret_key_sign(k, data, n, &signature, &n_signature), 0);
                cr_expect_eq(public_key_verify(secret_key_public(k), data, n, signature, n_signature), 0);
                data[0] = 'j';
                cr_expect_eq(public_key_verify(secret_key_public(k), data, n, signature, n_signature), -EBADMSG);
                signing_write(&s, "sig", signature, n_signature);
                signing_run(&s, "%s >/dev/null", cases[i].verify);
                signing_done(&s);
        }
}

Test(secret_key, others)
{
        static const struct {
                const char *make;
                int result;
        } cases[] = {
                { "openssl pkey -in a.key -traditional -out k", 0 },
                { "cp a.pub k", -EBADMSG },
                { "head -c 40 a.key >k", -EBADMSG },
                { "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 -out k", -EOPNOTSUPP },
                { "openssl genpkey -algorithm X25519 -out k", -EOPNOTSUPP },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Signing s = signing_new();
                _cleanup_(secret_key_freep) SecretKey *k = NULL;

                signing_cosign_key(&s, "a", P256);
                signing_run(&s, "%s", cases[i].make);
                cr_expect_eq(parse(&s, "k", &k), cases[i].result, "%s", cases[i].make);
                signing_done(&s);
        }
}

/* OpenSSL's own ways, new and old. */
Test(secret_key, encrypted)
{
        static const struct {
                const char *make, *passphrase;
                int result;
        } cases[] = {
                { "openssl pkcs8 -topk8 -in a.key -passout pass:secret -out k", "secret", 0 },
                { "openssl pkcs8 -topk8 -scrypt -in a.key -passout pass:secret -out k", "secret", 0 },
                { "openssl ec -in a.key -aes128 -passout pass:secret -out k 2>/dev/null", "secret", 0 },
                { "openssl pkcs8 -topk8 -in a.key -passout pass:secret -out k", "Secret", -EKEYREJECTED },
                { "openssl pkcs8 -topk8 -in a.key -passout pass:secret -out k", "", -EKEYREJECTED },
                { "openssl pkcs8 -topk8 -in a.key -passout pass:secret -out k", NULL, -ENOTTY },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Signing s = signing_new();
                _cleanup_(secret_key_freep) SecretKey *k = NULL;

                signing_cosign_key(&s, "a", P256);
                signing_run(&s, "%s", cases[i].make);
                cr_expect_eq(parse_with(&s, "k", cases[i].passphrase, &k), cases[i].result, "%s, with %s",
                             cases[i].make, strempty(cases[i].passphrase));
                signing_done(&s);
        }
}

#if HAVE_LIBSODIUM

/* Writes the object of cosign's key with something else in it. */
#define CHANGED(filter)                                                                                        \
        "(echo '-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----'; sed '/^-/d' " KEYS "/cosign.key | base64 -d |"   \
        " sed '" filter "' | base64; echo '-----END ENCRYPTED SIGSTORE PRIVATE KEY-----') >k"
#define KEYS "\"$PODCTL_TEST_DATA\"/cosign-key"
#define PASSPHRASE "a passphrase"

Test(secret_key, of_cosign)
{
        static const struct {
                const char *make, *passphrase;
                int result;
        } cases[] = {
                { "cp " KEYS "/cosign.key k", PASSPHRASE, 0 },
                { "cp " KEYS "/older.key k", "", 0 },
                { "cp " KEYS "/cosign.key k", "another", -EKEYREJECTED },
                { "cp " KEYS "/older.key k", " ", -EKEYREJECTED },
                { "cp " KEYS "/cosign.key k", NULL, -ENOTTY },
                { CHANGED("s/x/x/"), PASSPHRASE, 0 },
                { CHANGED("s/scrypt/bcrypt/"), PASSPHRASE, -EOPNOTSUPP },
                { CHANGED("s/secretbox/box/"), PASSPHRASE, -EOPNOTSUPP },
                { CHANGED("s/65536/65535/"), PASSPHRASE, -EBADMSG },
                { CHANGED("s/65536/0/"), PASSPHRASE, -EBADMSG },
                { CHANGED("s/65536/1073741824/"), PASSPHRASE, -EOPNOTSUPP },
                { CHANGED("s/\"r\":8/\"r\":0/"), PASSPHRASE, -EOPNOTSUPP },
                { CHANGED("s/\"p\":1/\"p\":1000/"), PASSPHRASE, -EOPNOTSUPP },
                { CHANGED("s/\"salt\":\"/&!/"), PASSPHRASE, -EBADMSG },
                { CHANGED("s/\"nonce\":\"..../\"nonce\":\"/"), PASSPHRASE, -EBADMSG },
                { CHANGED("s/\"ciphertext\":\"[^\"]*/\"ciphertext\":\"AAAA/"), PASSPHRASE, -EBADMSG },
                { CHANGED("s/ciphertext/text/"), PASSPHRASE, -EBADMSG },
                { CHANGED("s/.*//"), PASSPHRASE, -EBADMSG },
                { "head -n 3 " KEYS "/cosign.key >k", PASSPHRASE, -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Signing s = signing_new();
                _cleanup_(secret_key_freep) SecretKey *k = NULL;

                signing_run(&s, "%s", cases[i].make);
                cr_expect_eq(parse_with(&s, "k", cases[i].passphrase, &k), cases[i].result, "%s", cases[i].make);
                signing_done(&s);
        }
}

Test(secret_key, of_cosign_signs)
{
        Signing s = signing_new();
        _cleanup_(secret_key_freep) SecretKey *k = NULL;
        _cleanup_free_ void *signature = NULL;
        size_t n_signature;

        signing_run(&s, "cp " KEYS "/cosign.key k; echo hello >data");
        cr_assert_eq(parse_with(&s, "k", PASSPHRASE, &k), 0);
        cr_assert_eq(secret_key_sign(k, "hello\n", 6, &signature, &n_signature), 0);
        signing_write(&s, "sig", signature, n_signature);
        signing_run(&s, "openssl dgst -sha256 -verify " KEYS "/cosign.pub -signature sig data >/dev/null");
        signing_done(&s);
}

#endif
