/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "metadata/metadata-api.h"
#include "pod/registration.h"
#include "lib/test-temporary.h"

#define TOKEN_A "0123456789abcdef0123456789abcdef"
#define TOKEN_B "fedcba9876543210fedcba9876543210"
#define UUID_A "aaaaaaaa-0000-4000-8000-000000000001"
#define UUID_B "bbbbbbbb-0000-4000-8000-000000000002"
#define ID                                                                                                             \
        "sha512-"                                                                                                      \
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab" \
        "cdef0123456789abcdef"

#define POD                                                                                                            \
        "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[{\"name\":\"web\",\"image\":{\"id\":\"" ID     \
        "\"},"                                                                                                         \
        "\"annotations\":[{\"name\":\"both\",\"value\":\"of the "                                                      \
        "pod\"},{\"name\":\"own\",\"value\":\"a=b\"}]},{\"name\":\"bare\",\"image\":{\"id\":\"" ID "\"}}],"            \
        "\"annotations\":[{\"name\":\"example.com/where\",\"value\":\"h\\u00e9re\"}]}"
#define IMAGE                                                                                                          \
        "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/web\",\"annotations\":"         \
        "[{\"name\":\"created\",\"value\":\"2024-02-29T12:00:00Z\"},{\"name\":\"both\",\"value\":\"of the image\"}]}"

typedef struct Fixture {
        Temporary own, foreign;
        MetadataService service;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .own = temporary_new(), .foreign = temporary_new(), .service.key.bytes = "not a secret" };

        f.service.registration_fd = f.own.fd;
        f.service.foreign_fd = f.foreign.fd;
        cr_assert_eq(registration_add(f.own.fd, &(Uuid) { UUID_A }, TOKEN_A, POD), 0);
        cr_assert_eq(registration_add_app(f.own.fd, &(Uuid) { UUID_A }, "web", IMAGE), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        temporary_done(&f->own);
        temporary_done(&f->foreign);
}

static void expect(Fixture *f, const MetadataRequest *q, unsigned status, const char *type, const char *body)
{
        MetadataReply reply = {};

        cr_assert_eq(q->path[1] == 'p' ? metadata_answer_registrar(&f->service, q, &reply)
                                       : metadata_answer_pod(&f->service, q, &reply),
                     0);
        cr_expect_eq(reply.status, status, "%s %s: %u %s", q->method, q->path, reply.status, reply.body);
        if (type)
                cr_expect_str_eq(reply.type, type, "%s", q->path);
        if (body)
                cr_expect_str_eq(reply.body, body, "%s", q->path);
        free(reply.body);
}

#define BASE "/" TOKEN_A "/acMetadata/v1/"
#define UTF8 "text/plain; charset=utf-8"

Test(metadata_api, answers)
{
        static const struct {
                const char *method, *path;
                unsigned status;
                const char *type, *body;
        } cases[] = {
                { "GET", BASE "pod/uuid", 200, METADATA_TYPE_TEXT, UUID_A },
                { "HEAD", BASE "pod/uuid", 200, METADATA_TYPE_TEXT, UUID_A },
                { "GET", BASE "pod/uuid/", 200, METADATA_TYPE_TEXT, UUID_A },
                { "GET", BASE "pod/manifest", 200, METADATA_TYPE_JSON, POD },
                { "GET", BASE "pod/annotations", 200, METADATA_TYPE_JSON,
                  "[{\"name\":\"example.com/where\",\"value\":\"h\xc3\xa9re\"}]" },
                { "GET", BASE "pod/annotations/example.com/where", 200, UTF8, "h\xc3\xa9re" },
                { "GET", BASE "pod/annotations/example.com/none", 404, UTF8,
                  "there is no annotation 'example.com/none'\n" },
                { "GET", BASE "pod/annotations/No Name", 400, UTF8, NULL },
                { "GET", BASE "apps/web/annotations", 200, METADATA_TYPE_JSON,
                  "[{\"name\":\"created\",\"value\":\"2024-02-29T12:00:00Z\"},{\"name\":\"both\",\"value\":\"of the "
                  "pod\"},"
                  "{\"name\":\"own\",\"value\":\"a=b\"}]" },
                { "GET", BASE "apps/web/annotations/both", 200, METADATA_TYPE_TEXT, "of the pod" },
                { "GET", BASE "apps/web/annotations/own", 200, METADATA_TYPE_TEXT, "a=b" },
                { "GET", BASE "apps/web/annotations/none", 404, UTF8, NULL },
                { "GET", BASE "apps/web/image/manifest", 200, METADATA_TYPE_JSON, IMAGE },
                { "GET", BASE "apps/web/image/id", 200, METADATA_TYPE_TEXT, ID },
                { "GET", BASE "apps/bare/image/manifest", 404, UTF8, NULL },
                { "GET", BASE "apps/none/annotations", 404, UTF8, "the pod has no app 'none'\n" },
                { "GET", BASE "apps/none/image/id", 404, UTF8, NULL },
                { "GET", BASE "apps/../annotations", 400, UTF8, NULL },
                { "GET", BASE "apps/%s/image/manifest", 400, UTF8, NULL },
                { "GET", BASE "apps//image/id", 400, UTF8, NULL },
                { "GET", BASE "pod", 404, UTF8, NULL },
                { "GET", BASE "pod/manifest/x", 404, UTF8, NULL },
                { "GET", "/" TOKEN_A "/acMetadata/v2/pod/uuid", 404, UTF8, NULL },
                { "GET", "/" TOKEN_A, 404, UTF8, NULL },
                { "GET", "/", 404, UTF8, NULL },
                { "GET", "*", 404, UTF8, NULL },
                { "GET", "/" TOKEN_B "/acMetadata/v1/pod/uuid", 401, UTF8, "no pod has this token\n" },
                { "GET", "/../acMetadata/v1/pod/uuid", 401, UTF8, NULL },
                { "POST", BASE "pod/uuid", 405, UTF8, "this takes GET\n" },
                { "GET", BASE "pod/hmac/sign", 405, UTF8, "this takes POST\n" },
                { "DELETE", BASE "pod/manifest", 405, UTF8, NULL },
                { "POST", BASE "pod/hmac/sign", 400, UTF8, NULL },
                { "POST", BASE "pod/hmac/verify", 400, UTF8, NULL },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                expect(&f, &(MetadataRequest) { .method = cases[i].method, .path = cases[i].path }, cases[i].status,
                       cases[i].type, cases[i].body);
}

Test(metadata_api, flavor)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        expect(&f, &(MetadataRequest) { .method = "GET", .path = BASE "pod/uuid", .flavor = "AppContainer" }, 200, NULL,
               UUID_A);
        expect(&f, &(MetadataRequest) { .method = "GET", .path = BASE "pod/uuid", .flavor = "Google" }, 403, NULL,
               NULL);
}

/* Of the 16 bytes of UUID_A and "hello" with the key above, as Python's hmac module has it. */
#define EXPECTED_SIGNATURE "P7GPSSIgrfycUMBWJ9t6e/qQW0mvb9FgE61P9uQ6SjqUbLW4B5fqiv5bfXAPeo2GMg5jQxQVpQuhjbRKDAUW8Q=="

#define FIELD(n, v) { .name = (n), .value = (v), .size = sizeof(v) - 1 }

Test(metadata_api, identity)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        MetadataReply reply = {};
        _cleanup_free_ char *signature = NULL;
        const FormField sign[] = { FIELD("content", "hello") };
        static const struct {
                const char *content, *uuid, *signature;
                unsigned status;
        } cases[] = {
                { "hello", UUID_A, NULL, 200 },
                { "hello", "AAAAAAAA-0000-4000-8000-000000000001", NULL, 200 },
                { "hellO", UUID_A, NULL, 403 },
                { "hello", UUID_B, NULL, 403 },
                { "hello", UUID_A, "aGVsbG8=", 403 },
                { "hello", UUID_A, "", 403 },
                { "hello", UUID_A, "no base64!", 400 },
                { "hello", "no uuid", NULL, 400 },
                { "", UUID_A, NULL, 400 },
        };

        cr_assert_eq(metadata_answer_pod(
                             &f.service,
                             &(MetadataRequest) {
                                     .method = "POST", .path = BASE "pod/hmac/sign", .fields = sign, .n_fields = 1 },
                             &reply),
                     0);
        cr_assert_eq(reply.status, 200);
        cr_expect_str_eq(reply.type, METADATA_TYPE_TEXT);
        signature = reply.body;
        cr_expect_str_eq(signature, EXPECTED_SIGNATURE);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *given = cases[i].signature ?: signature;
                FormField fields[] = { { "content", cases[i].content, strlen(cases[i].content) },
                                       { "uuid", cases[i].uuid, strlen(cases[i].uuid) },
                                       { "signature", given, strlen(given) } };

                expect(&f,
                       &(MetadataRequest) {
                               .method = "POST", .path = BASE "pod/hmac/verify", .fields = fields, .n_fields = 3 },
                       cases[i].status, NULL, NULL);
        }
}

#define PUT(p, t, b)                                                                                                   \
        &(MetadataRequest)                                                                                             \
        {                                                                                                              \
                .method = "PUT", .path = (p), .token = (t), .body = (b), .body_size = strlen(b)                        \
        }

/* As rkt's stage0 did it. */
Test(metadata_api, registration)
{
        static const char plain[] = "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[]}";
        _cleanup_(fixture_done) Fixture f = fixture_new();

        expect(&f, PUT("/pods/" UUID_B "/web", NULL, IMAGE), 404, NULL, NULL);
        expect(&f, PUT("/pods/" UUID_B, TOKEN_B, POD), 200, NULL, "");
        expect(&f, PUT("/pods/" UUID_B "/web", NULL, IMAGE), 200, NULL, "");
        expect(&f, &(MetadataRequest) { .method = "GET", .path = "/" TOKEN_B "/acMetadata/v1/pod/uuid" }, 200, NULL,
               UUID_B);
        expect(&f,
               &(MetadataRequest) { .method = "GET", .path = "/" TOKEN_B "/acMetadata/v1/apps/web/annotations/both" },
               200, NULL, "of the pod");
        /* Another's token, and what is wrong otherwise. */
        expect(&f, PUT("/pods/cccccccc-0000-4000-8000-000000000003", TOKEN_B, POD), 400, NULL,
               "another pod has this token\n");
        expect(&f, PUT("/pods/" UUID_B, NULL, POD), 400, NULL, NULL);
        expect(&f, PUT("/pods/" UUID_B, "../../x", POD), 400, NULL, NULL);
        expect(&f, PUT("/pods/" UUID_B, TOKEN_B, "{"), 400, NULL, NULL);
        expect(&f, PUT("/pods/" UUID_B, TOKEN_B, IMAGE), 400, NULL, NULL);
        expect(&f, PUT("/pods/no-uuid", TOKEN_B, POD), 400, NULL, NULL);
        expect(&f, PUT("/pods/" UUID_B "/web", NULL, POD), 400, NULL, NULL);
        expect(&f, PUT("/pods/" UUID_B "/..", NULL, IMAGE), 400, NULL, NULL);
        expect(&f, &(MetadataRequest) { .method = "GET", .path = "/pods/" UUID_B }, 405, NULL,
               "this takes PUT, DELETE\n");
        expect(&f, &(MetadataRequest) { .method = "PUT", .path = "/pods" }, 404, NULL, NULL);
        /* podctl's own pods are not theirs to remove. */
        expect(&f, &(MetadataRequest) { .method = "DELETE", .path = "/pods/" UUID_A }, 404, NULL, NULL);
        expect(&f, &(MetadataRequest) { .method = "DELETE", .path = "/pods/" UUID_B }, 200, NULL, "");
        expect(&f, &(MetadataRequest) { .method = "DELETE", .path = "/pods/" UUID_B }, 404, NULL, NULL);
        expect(&f, &(MetadataRequest) { .method = "GET", .path = "/" TOKEN_B "/acMetadata/v1/pod/uuid" }, 401, NULL,
               NULL);
        /* No annotations are an empty list, everywhere. */
        expect(&f, PUT("/pods/" UUID_B, TOKEN_B, plain), 200, NULL, "");
        expect(&f, &(MetadataRequest) { .method = "GET", .path = "/" TOKEN_B "/acMetadata/v1/pod/annotations" }, 200,
               METADATA_TYPE_JSON, "[]");
        expect(&f, &(MetadataRequest) { .method = "GET", .path = "/" TOKEN_B "/acMetadata/v1/pod/manifest" }, 200,
               METADATA_TYPE_JSON,
               "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[],\"annotations\":[]}");
        f.service.foreign_fd = -EBADF;
        expect(&f, PUT("/pods/" UUID_B, TOKEN_B, POD), 403, NULL, NULL);
}

Test(metadata_api, key_is_kept)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        MetadataKey one, two;
        struct stat st;

        cr_assert_eq(metadata_key_load(t.fd, &one), 0);
        cr_assert_eq(metadata_key_load(t.fd, &two), 0);
        cr_expect_eq(memcmp(&one, &two, sizeof(one)), 0);
        cr_assert_eq(fstatat(t.fd, "hmac-key", &st, 0), 0);
        cr_expect_eq(st.st_mode & 0777, 0600);
        cr_assert_eq(unlinkat(t.fd, "hmac-key", 0), 0);
        cr_assert_eq(metadata_key_load(t.fd, &two), 0);
        cr_expect_neq(memcmp(&one, &two, sizeof(one)), 0);
        cr_assert_eq(write_string_at(t.fd, "hmac-key", "short", 0600), 0);
        cr_expect_eq(metadata_key_load(t.fd, &two), -EUCLEAN);
}
