/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-cases.h"

#include "image/trust/cosign-bundle.h"
#include "image/trust/simple-signing.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define CRITICAL(type, digest, reference) \
        "'critical': {'type': '" type "', 'image': {'docker-manifest-digest': '" digest "'}, " \
        "'identity': {'docker-reference': '" reference "'}}"
#define PAYLOAD(type, digest, reference)                                                                               \
        "{" CRITICAL(type, digest, reference) ", 'optional': {'creator': 'x', 'timestamp': 1}}"

Test(simple_signing, parse)
{
        static const struct {
                const char *text;
                bool good;
        } cases[] = {
                { PAYLOAD(SIMPLE_SIGNING_TYPE, "sha256:" HEX, "docker.io/library/busybox:latest"), true },
                { "{" CRITICAL(SIMPLE_SIGNING_TYPE, "x", "y") ", 'optional': {}}", true },
                { "{" CRITICAL(SIMPLE_SIGNING_TYPE, "x", "y") ", 'optional': null}", true },
                { "{" CRITICAL(SIMPLE_SIGNING_TYPE, "x", "y") ", 'optional': 1}", false },
                { "{" CRITICAL(SIMPLE_SIGNING_TYPE, "x", "y") "}", false },
                { "{" CRITICAL(SIMPLE_SIGNING_TYPE, "x", "y") ", 'optional': {}, 'more': 1}", false },
                { PAYLOAD(COSIGN_TYPE, "x", "y"), false },
                { PAYLOAD("", "x", "y"), false },
                { "{'critical': {'type': '" SIMPLE_SIGNING_TYPE
                  "', 'image': {'docker-manifest-digest': 'x'}}, 'optional': {}}",
                  false },
                { "{'critical': {'type': '" SIMPLE_SIGNING_TYPE
                  "', 'image': {}, 'identity': {'docker-reference': 'y'}}, 'optional': {}}",
                  false },
                { "{'critical': {'type': '" SIMPLE_SIGNING_TYPE
                  "', 'image': {'docker-manifest-digest': 'x', 'other': 1}, "
                  "'identity': {'docker-reference': 'y'}}, 'optional': {}}",
                  false },
                { "{'critical': {'type': '" SIMPLE_SIGNING_TYPE "', 'image': {'docker-manifest-digest': 'x'}, "
                  "'identity': {'docker-reference': 'y', 'other': 1}}, 'optional': {}}",
                  false },
                { "{'critical': {'type': '" SIMPLE_SIGNING_TYPE
                  "', 'image': {'docker-manifest-digest': 'x'}, 'more': 1, "
                  "'identity': {'docker-reference': 'y'}}, 'optional': {}}",
                  false },
                { "{'critical': {'type': 1, 'image': {'docker-manifest-digest': 'x'}, 'identity': {'docker-reference': "
                  "'y'}}, 'optional': {}}",
                  false },
                { "{'critical': [], 'optional': {}}", false },
                { "{}", false },
                { "[]", false },
                { "", false },
                { "null", false },
                { "{'critical': null, 'optional': {}}", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = quoted(cases[i].text);
                _cleanup_json_error_ JsonError e = {};
                SimpleSigning s = {};
                int r = simple_signing_parse(text, strlen(text), SIMPLE_SIGNING_TYPE, &s, &e);

                cr_expect_eq(r >= 0, cases[i].good, "%s: %i, %s", cases[i].text, r, json_error_message(&e, r));
                simple_signing_done(&s);
        }
}

Test(simple_signing, identity)
{
        static const struct {
                const char *wanted, *have;
                bool exact, good;
        } cases[] = {
                { "docker.io/library/busybox:latest", "docker.io/library/busybox:latest", true, true },
                { "docker.io/library/busybox:latest", "busybox:latest", true, true },
                { "docker.io/library/busybox:latest", "docker.io/library/busybox:1.36", true, false },
                { "docker.io/library/busybox:latest", "docker.io/library/busybox", true, false },
                { "docker.io/library/busybox:latest", "docker.io/library/busybox@sha256:" HEX, true, false },
                { "docker.io/library/busybox@sha256:" HEX, "docker.io/library/busybox:1.36", true, true },
                { "docker.io/library/busybox@sha256:" HEX, "docker.io/library/other:1.36", true, false },
                { "quay.io/busybox:latest", "busybox:latest", true, false },
                { "docker.io/library/busybox:latest", "docker.io/library/busybox", false, true },
                { "docker.io/library/busybox:latest", "docker.io/library/busybox:other", false, true },
                { "docker.io/library/busybox:latest", "docker.io/library/shell", false, false },
                { "docker.io/library/busybox:latest", "no reference", true, false },
                { "docker.io/library/busybox:latest", "", true, false },
        };
        Digest digest = { .algorithm = DIGEST_SHA256, .hex = HEX };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                SignatureSearch s = { .digests = &digest, .n_digests = 1 };
                SimpleSigning p = { .digest = (char *) "sha256:" HEX, .reference = (char *) cases[i].have };
                _cleanup_free_ char *message = NULL;

                cr_assert_eq(docker_reference_parse(cases[i].wanted, &s.reference), 0);
                cr_expect_eq(simple_signing_check(&p, &s, cases[i].exact, &message), cases[i].good ? 0 : -EKEYREJECTED,
                             "%s, %s", cases[i].wanted, cases[i].have);
                p.digest = (char *) "sha256:bbbb";
                cr_expect_eq(simple_signing_check(&p, &s, cases[i].exact, &message), -EKEYREJECTED);
                docker_reference_done(&s.reference);
        }
}

#define STATEMENT(type, predicate, subject) \
        "{'_type': '" type "', 'predicateType': '" predicate "', 'subject': " subject ", 'predicate': {}}"
#define V1 "https://in-toto.io/Statement/v1"
#define SIGN "https://sigstore.dev/cosign/sign/v1"

Test(simple_signing, statements)
{
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { STATEMENT(V1, SIGN, "[{'digest': {'sha256': '" HEX "'}}]"), 0 },
                { STATEMENT(V1, SIGN,
                            "[{'name': 'x', 'digest': {'sha1': 'x', 'sha256': '" HEX "'}, 'annotations': {}}]"),
                  0 },
                { STATEMENT(V1, "https://slsa.dev/provenance/v1", "[{'digest': {'sha256': '" HEX "'}}]"), -EOPNOTSUPP },
                { STATEMENT(V1, "https://cyclonedx.org/bom", "[{'digest': {'sha256': '" HEX "'}}]"), -EOPNOTSUPP },
                { STATEMENT("https://example.com/x", SIGN, "[{'digest': {'sha256': '" HEX "'}}]"), -EOPNOTSUPP },
                { STATEMENT(V1, SIGN, "[]"), -EINVAL },
                { STATEMENT(V1, SIGN, "{}"), -EINVAL },
                { STATEMENT(V1, SIGN, "[{}]"), -EINVAL },
                { STATEMENT(V1, SIGN, "[{'digest': {'sha256': 1}}]"), -EINVAL },
                { "{}", -EINVAL },
                { "x", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = quoted(cases[i].text);
                _cleanup_strv_free_ char **digests = NULL;
                _cleanup_json_error_ JsonError e = {};
                int r = cosign_statement_parse(text, strlen(text), &digests, &e);

                cr_expect_eq(r, cases[i].error, "%s: %i, %s", cases[i].text, r, json_error_message(&e, r));
                if (r >= 0)
                        cr_expect_str_eq(digests[0], "sha256:" HEX);
        }
}

#define TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"
#define BUNDLE(type, material, envelope)                                                                               \
        "{'mediaType': '" type "', 'verificationMaterial': " material ", 'dsseEnvelope': " envelope "}"
#define ENVELOPE(payload, type, signatures)                                                                            \
        "{'payload': '" payload "', 'payloadType': '" type "', 'signatures': " signatures "}"
#define IN_TOTO "application/vnd.in-toto+json"

Test(simple_signing, bundles)
{
        static const struct {
                const char *text;
                int error;
        } cases[] = {
                { BUNDLE(TYPE, "{'publicKey': {'hint': 'x'}, 'tlogEntries': []}",
                         ENVELOPE("aGVsbG8=", IN_TOTO, "[{'sig': 'YQ==', 'keyid': ''}]")),
                  0 },
                { BUNDLE(TYPE, "{}", ENVELOPE("aGVsbG8=", IN_TOTO, "[]")), -EINVAL },
                { BUNDLE(TYPE, "{}", ENVELOPE("aGVsbG8=", IN_TOTO, "[{}]")), -EINVAL },
                { BUNDLE(TYPE, "{}", ENVELOPE("not base64", IN_TOTO, "[{'sig': 'YQ=='}]")), -EINVAL },
                { BUNDLE(TYPE, "{}", ENVELOPE("aGVsbG8=", "text/plain", "[{'sig': 'YQ=='}]")), -EOPNOTSUPP },
                { BUNDLE("text/plain", "{}", ENVELOPE("aGVsbG8=", IN_TOTO, "[{'sig': 'YQ=='}]")), -EOPNOTSUPP },
                { "{'mediaType': '" TYPE "', 'verificationMaterial': {}, 'messageSignature': {}}", -EOPNOTSUPP },
                { BUNDLE(TYPE, "[]", ENVELOPE("aGVsbG8=", IN_TOTO, "[{'sig': 'YQ=='}]")), -EINVAL },
                { BUNDLE(TYPE, "{}", "1"), -EINVAL },
                { "{}", -EINVAL },
                { "[]", -EINVAL },
                { "{", -EBADMSG },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = quoted(cases[i].text);
                _cleanup_json_error_ JsonError e = {};
                CosignBundle b = {};
                _cleanup_json_object_ json_object *o = NULL;
                int r = json_parse_memory(text, strlen(text), &o, &e);

                if (r >= 0)
                        r = cosign_bundle_read(o, &b, &e);

                cr_expect_eq(r, cases[i].error, "%s: %i, %s", cases[i].text, r, json_error_message(&e, r));
                if (r >= 0)
                        cr_expect_str_eq(b.signed_data, "DSSEv1 28 application/vnd.in-toto+json 5 hello");
                cosign_bundle_done(&b);
        }
}

/* What is signed here says what it is to say. */
Test(simple_signing, format)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL, *directory = NULL;
        SimpleSigning s = {};
        Digest digest;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, "x", 1, &digest), 0);
        cr_assert_eq(simple_signing_format(SIMPLE_SIGNING_TYPE, "example.com/a/b:1", &digest, &o), 0);
        cr_assert_eq(json_format_compact(o, &text), 0);
        cr_assert_eq(simple_signing_parse(text, strlen(text), SIMPLE_SIGNING_TYPE, &s, NULL), 0);
        cr_expect_str_eq(s.digest, DIGEST_STRING(&digest));
        cr_expect_str_eq(s.reference, "example.com/a/b:1");
        simple_signing_done(&s);

        directory = simple_signing_directory("a/b", &digest);
        cr_expect_str_eq(directory, "a/b@sha256=2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881");
}
