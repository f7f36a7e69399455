/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-signing.h"

#include "shared/secret-key.h"

static int parse(Signing *s, const char *name, SecretKey **ret)
{
        _cleanup_free_ char *message = NULL, *text = NULL;
        size_t n;

        text = signing_read(s, name, &n);
        return secret_key_parse(text, n, ret, &message);
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
                { "sed 's/PRIVATE/ENCRYPTED SIGSTORE PRIVATE/' a.key >k", -EOPNOTSUPP },
                { "sed 's/PRIVATE/ENCRYPTED COSIGN PRIVATE/' a.key >k", -EOPNOTSUPP },
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
