/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-signing.h"

#include "basic/base64.h"
#include "keys/public-key.h"

static PublicKey *parse(Signing *s, const char *name)
{
        _cleanup_free_ char *message = NULL, *text = NULL;
        PublicKey *k = NULL;
        size_t n;

        text = signing_read(s, name, &n);
        cr_assert_eq(public_key_parse(text, n, &k, &message), 0, "%s: %s", name, message);
        return k;
}

static int verify(Signing *s, const PublicKey *k, const char *file, const char *signature)
{
        size_t n, n_signature;
        _cleanup_free_ char *data = signing_read(s, file, &n), *text = signing_read(s, signature, &n_signature);

        return public_key_verify(k, data, n, text, n_signature);
}

Test(public_key, kinds)
{
        static const struct {
                const char *key, *description, *sign;
                int result;
        } cases[] = {
                { P256, "ECDSA P-256", "openssl dgst -sha256 -sign a.key", 0 },
                { P256, "ECDSA P-256", "openssl dgst -sha384 -sign a.key", -EBADMSG },
                { P256, "ECDSA P-256", "openssl dgst -sha1 -sign a.key", -EBADMSG },
                { P384, "ECDSA P-384", "openssl dgst -sha256 -sign a.key", 0 },
                { P384, "ECDSA P-384", "openssl dgst -sha384 -sign a.key", 0 },
                { "-algorithm EC -pkeyopt ec_paramgen_curve:P-521", "ECDSA P-521", "openssl dgst -sha512 -sign a.key",
                  0 },
                { RSA2048, "RSA 2048", "openssl dgst -sha256 -sign a.key", 0 },
                { RSA2048, "RSA 2048", "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign a.key", 0 },
                { RSA2048, "RSA 2048",
                  "openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign a.key", 0 },
                { RSA2048, "RSA 2048", "openssl dgst -sha1 -sign a.key", -EBADMSG },
                { ED25519, "Ed25519", "openssl pkeyutl -sign -rawin -inkey a.key -in", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Signing s = signing_new();
                _cleanup_(public_key_freep) PublicKey *k = NULL, *other = NULL;
                _cleanup_free_ char *fingerprint = NULL, *text = NULL, *original = NULL;

                signing_cosign_key(&s, "a", cases[i].key);
                signing_cosign_key(&s, "b", cases[i].key);
                signing_run(
                        &s,
                        "echo hello >data; echo hellO >other; %s data >sig; : >empty; head -c -1 sig >cut;"
                        "openssl pkey -pubin -in a.pub -outform DER | sha256sum | cut -c-64 | tr -d '\\n' >fingerprint",
                        cases[i].sign);
                k = parse(&s, "a.pub");
                other = parse(&s, "b.pub");
                cr_expect_str_eq(public_key_description(k), cases[i].description);
                fingerprint = signing_read(&s, "fingerprint", NULL);
                cr_expect_str_eq(public_key_fingerprint(k)->hex, fingerprint);
                cr_assert_eq(public_key_format(k, &text), 0);
                original = signing_read(&s, "a.pub", NULL);
                cr_expect_str_eq(text, original);

                cr_expect_eq(verify(&s, k, "data", "sig"), cases[i].result, "%zu", i);
                cr_expect_eq(verify(&s, k, "other", "sig"), -EBADMSG, "%zu", i);
                cr_expect_eq(verify(&s, other, "data", "sig"), -EBADMSG, "%zu", i);
                cr_expect_eq(verify(&s, k, "data", "cut"), -EBADMSG, "%zu", i);
                cr_expect_eq(verify(&s, k, "data", "empty"), -EBADMSG, "%zu", i);
                cr_expect_eq(verify(&s, k, "data", "data"), -EBADMSG, "%zu", i);
                signing_done(&s);
        }
}

Test(public_key, refused)
{
        static const struct {
                const char *make;
                int error;
        } cases[] = {
                { ": >f", -EBADMSG },
                { "echo nonsense >f", -EBADMSG },
                { "cat a.key >f", -EBADMSG },
                { "cat a.pub a.pub >f", -EBADMSG },
                { "(cat a.pub; echo x) >f", -EBADMSG },
                { "(echo x; cat a.pub) >f", -EBADMSG },
                { "head -c 100 a.pub >f", -EBADMSG },
                { "tr A-M N-Z <a.pub | sed 's/^-.*PUB.*/-----BEGIN PUBLIC KEY-----/' >f", -EBADMSG },
                { "openssl pkey -pubin -in a.pub -outform DER -out f", -EBADMSG },
                { "(cat a.pub; head -c 70000 /dev/zero | tr '\\0' ' ') >f", -EBADMSG },
                { "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 | openssl pkey -pubout >f",
                  -EOPNOTSUPP },
                { "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1 | openssl pkey -pubout >f",
                  -EOPNOTSUPP },
                { "openssl genpkey -algorithm ed448 | openssl pkey -pubout >f", -EOPNOTSUPP },
                { "openssl genpkey -algorithm x25519 | openssl pkey -pubout >f", -EOPNOTSUPP },
        };
        Signing s = signing_new();

        signing_cosign_key(&s, "a", P256);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(public_key_freep) PublicKey *k = NULL;
                _cleanup_free_ char *text = NULL, *message = NULL;
                size_t n;

                signing_run(&s, "%s", cases[i].make);
                text = signing_read(&s, "f", &n);
                cr_expect_eq(public_key_parse(text, n, &k, &message), cases[i].error, "%s: %s", cases[i].make, message);
                cr_expect(message, "%s", cases[i].make);
        }
        signing_run(&s, "(echo; cat a.pub; echo) >f");
        public_key_free(parse(&s, "f"));
        signing_done(&s);
}

Test(public_key, base64)
{
        static const struct {
                const char *text, *data; /* NULL: none */
        } cases[] = {
                { "", "" },
                { "YQ==", "a" },
                { "YWI=", "ab" },
                { "YWJj", "abc" },
                { "YWJjZA==", "abcd" },
                { "YQ", NULL },
                { "YQ=", NULL },
                { "YQ===", NULL },
                { "Y===", NULL },
                { "=", NULL },
                { "====", NULL },
                { "YQ==YQ==", NULL },
                { "YQ==YWJj", NULL },
                { "YWJjYQ===", NULL },
                { "=YQ=", NULL },
                { "Y=JjYWJj", NULL },
                { " YQ==", NULL },
                { "  YWJj  ", NULL },
                { "\nYWJ", NULL },
                { "YWI=\n\n\n\n", NULL },
                { "YW-j", NULL },
                { "YW\xc3\xa9", NULL },
                { "YWJ=", NULL },
                { "YW Jj", NULL },
                { "YWJj\n", NULL },
                { "YR==", NULL },
                { "YWJ_", NULL },
                { "Y=Q=", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *data = NULL;
                size_t n = 0;
                int r = base64_decode(cases[i].text, &data, &n);

                cr_expect_eq(r, cases[i].data ? 0 : -EINVAL, "'%s': %i", cases[i].text, r);
                if (r >= 0 && cases[i].data) {
                        cr_expect_str_eq(data, cases[i].data);
                        cr_expect_eq(n, strlen(cases[i].data));
                }
        }
}

/* All bytes, and as many as there are ends of a text. */
Test(public_key, base64_and_back)
{
        char bytes[256];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (char) i;
        for (size_t i = 0; i <= 4; i++) {
                _cleanup_free_ char *text = base64_encode(bytes, sizeof(bytes) - i), *data = NULL;
                size_t n = 0;

                cr_assert_not_null(text);
                cr_expect(base64_is_valid(text));
                cr_assert_eq(base64_decode(text, &data, &n), 0);
                cr_assert_eq(n, sizeof(bytes) - i);
                cr_expect_arr_eq(data, bytes, n);
        }
}
