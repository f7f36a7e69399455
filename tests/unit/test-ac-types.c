/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-pod.h"
#include "lib/test-cases.h"

static int parse_image(const char *data, size_t n, JsonError *e)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;

        return appc_image_parse(data, n, &image, e);
}

static int parse_pod(const char *data, size_t n, JsonError *e)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;

        return appc_pod_parse(data, n, &pod, e);
}

#define IMAGE "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"a\""
#define POD "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\""

static int identifier_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_image, "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":%s}", data,
                             e);
}

static int name_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_pod, POD ",\"apps\":[{\"name\":%s,\"image\":{\"name\":\"a\"}}]}", data, e);
}

/* Either kind is one. */
static int kind_case(const char *data, size_t n, JsonError *e)
{
        int r;

        r = PARSE_WRAPPED(parse_image, "{\"acKind\":%s,\"acVersion\":\"0.8.11\",\"name\":\"a\"}", data, NULL);
        return r >= 0 ? r : PARSE_WRAPPED(parse_pod, "{\"acKind\":%s,\"acVersion\":\"0.8.11\",\"apps\":[]}", data, e);
}

static int date_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_image, IMAGE ",\"annotations\":[{\"name\":\"created\",\"value\":%s}]}", data, e);
}

static int url_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_image, IMAGE ",\"annotations\":[{\"name\":\"homepage\",\"value\":%s}]}", data, e);
}

static int hash_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_pod, POD ",\"apps\":[{\"name\":\"a\",\"image\":{\"id\":%s}}]}", data, e);
}

static int version_case(const char *data, size_t n, JsonError *e)
{
        return PARSE_WRAPPED(parse_pod, "{\"acKind\":\"PodManifest\",\"acVersion\":%s,\"apps\":[]}", data, e);
}

static int quantity_case(const char *data, size_t n, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        Quantity q;
        int r;

        r = json_parse_memory(data, n, &o, e);
        if (r < 0)
                return r;
        r = quantity_parse(json_object_get_string(o), &q);
        return r < 0 ? json_error_set(e, r, NULL, "no quantity") : 0;
}

static const CaseArea areas[] = {
        { "acidentifier", identifier_case },
        { "acname", name_case },
        { "appc-ackind", kind_case },
        { "appc-date", date_case },
        { "appc-url", url_case },
        { "appc-hash", hash_case },
        { "appc-semver", version_case },
        { "appc-quantity", quantity_case },
};
CASE_TESTS(ac_types, areas)

Test(ac_types, sanitize_table)
{
        _cleanup_json_object_ json_object *table = open_table("acidentifier-sanitize");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *in = row_string(row, "in") ?: row_string(row, "case"), *out = row_string(row, "out");
                _cleanup_free_ char *clean = NULL;
                int r = ac_identifier_sanitize(in, &clean);

                cr_expect_eq(r, out ? 0 : -EINVAL, "%s", in);
                if (!out || r < 0)
                        continue;
                cr_expect_str_eq(clean, out, "%s", in);
                cr_expect(ac_identifier_is_valid(clean), "%s", clean);
        }
}

Test(ac_types, sanitized_names)
{
        static const char *const cases[][2] = {
                { "volume-/var/lib/Data", "volume-var-lib-data" },
                { "a__b", "a-b" },
                { "x.y/z", "x-y-z" },
                { "--A--", "a" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *clean = NULL;

                cr_assert_eq(ac_name_sanitize(cases[i][0], &clean), 0);
                cr_expect_str_eq(clean, cases[i][1]);
        }
        cr_expect_eq(ac_name_sanitize("///", &(char *){ NULL }), -EINVAL);
}

Test(ac_types, app_name_of_image)
{
        static const char *const cases[][2] = {
                { "example.com/reduce-worker", "reduce-worker" },
                { "registry-1.docker.io/library/busybox:1.36", "busybox" },
                { "localhost:5000/Foo_Bar@sha256:00", "foo-bar" },
                { "etcd,version=1", "etcd" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *name = NULL;

                cr_assert_eq(ac_name_from_image_name(cases[i][0], &name), 0);
                cr_expect_str_eq(name, cases[i][1]);
        }
}

Test(ac_types, identifiers_are_safe_as_paths)
{
        static const char *const bad[] = { "a/../b", "a/./b", "a//b", "../a", "a/..", "a b", "a\n", "" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(ac_identifier_is_valid(bad[i]), "%s", bad[i]);
        cr_expect(ac_identifier_is_valid("example.com/~user/app_v1"));
        cr_expect(ac_identifier_is_valid("a/..b"));
}

Test(ac_types, versions)
{
        static const char *const good[] = { "1.0.0", "0.8.11", "1.0.0-alpha.1", "1.0.0+001", "1.0.0-0.3.7+a.b-c" };
        static const char *const bad[] = { "", "1", "1.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+", "1.0.0-a..b",
                                           "0.0.0", "1.0.0 ", "1.0.x" };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(ac_version_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(ac_version_is_valid(bad[i]), "%s", bad[i]);
}

Test(ac_types, image_ids)
{
        cr_expect(image_id_is_valid("sha512-a"));
        cr_expect(image_id_is_valid("sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
        cr_expect(image_id_is_valid("sha256-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"));
        cr_expect(image_id_is_valid(
                "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                "0123456789abcdef0123456789abcdef0123456789abcdef"));
        cr_expect_not(image_id_is_valid("sha512:0123456789abcdef"));
        cr_expect_not(image_id_is_valid("sha256:0123"));
        cr_expect_not(image_id_is_valid("sha512-"));
        cr_expect_not(image_id_is_valid("sha512-ABC"));
        cr_expect_not(image_id_is_valid("sha512-../../etc"));
}

/* unscaled · 10^scale, in billionths. */
static __int128 billionths(int64_t unscaled, int scale)
{
        __int128 v = unscaled;

        for (scale += 9; scale > 0; scale--)
                v *= 10;
        return v;
}

Test(quantity, table)
{
        _cleanup_json_object_ json_object *table = open_table("quantity");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *in = row_string(row, "in");
                Quantity q = {};

                cr_expect_eq(quantity_parse(in, &q), 0, "%s", in);
                cr_expect(q.nano == billionths(json_object_get_int64(json_object_object_get(row, "unscaled")),
                                               json_object_get_int(json_object_object_get(row, "scale"))),
                          "%s", in);
        }
}

Test(quantity, json_table)
{
        _cleanup_json_object_ json_object *table = open_table("quantity-json-whitespace");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *in = row_string(row, "in");
                _cleanup_json_object_ json_object *o = NULL;
                Quantity q = {}, expected = {};

                cr_assert_eq(json_parse_memory(in, strlen(in), &o, NULL), 0, "%s", in);
                cr_assert_eq(quantity_from_json(o, &q), 0, "%s", in);
                cr_assert_eq(quantity_parse(row_string(row, "expect"), &expected), 0);
                cr_expect(q.nano == expected.nano, "%s", in);
        }
}

Test(quantity, rounding)
{
        static const struct {
                const char *text;
                int64_t units, milli;
        } cases[] = {
                { "250m", 1, 250 },       { "1.5", 2, 1500 },         { "1.0001", 2, 1001 }, { "0", 0, 0 },
                { "512Mi", 536870912, 536870912000 },                 { "1e3", 1000, 1000000 },
                { "-1.5", -2, -1500 },    { "0.1Ki", 103, 102400 },   { "1K", 1000, 1000000 },
                { "1.0000000000000000000000000000001", 2, 1001 },
                { "9223372036854775807", INT64_MAX, INT64_MAX },
                { "12E", INT64_MAX, INT64_MAX },
                { "1e-400", 1, 1 },       { "00000000000000000000000000000000000000000001", 1, 1000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Quantity q = {};

                cr_expect_eq(quantity_parse(cases[i].text, &q), 0, "%s", cases[i].text);
                cr_expect_eq(quantity_units(q), cases[i].units, "%s", cases[i].text);
                cr_expect_eq(quantity_milli(q), cases[i].milli, "%s", cases[i].text);
        }
}

Test(quantity, out_of_range)
{
        static const char *const cases[] = { "99223372036854775808", "100E", "80Ei", "1e20", "1e999", "1e99999999999",
                                             "999999999999999999999999999999999999999999999999Ei" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(quantity_parse(cases[i], &(Quantity){}), -ERANGE, "%s", cases[i]);
        cr_expect_eq(quantity_parse("1e", &(Quantity){}), -EINVAL);
        cr_expect_eq(quantity_parse("", &(Quantity){}), -EINVAL);
        cr_expect_eq(quantity_parse(".", &(Quantity){}), -EINVAL);
        cr_expect_eq(quantity_parse("+-1", &(Quantity){}), -EINVAL);
        cr_expect_eq(quantity_parse("0x10", &(Quantity){}), -EINVAL);
}

Test(ac_types, dates_table)
{
        _cleanup_json_object_ json_object *table = open_table("date");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i), *date = NULL;
                const char *in = row_string(row, "in"), *expected = row_string(row, "wt");
                char text[32], zone[8];
                uint64_t nsec;
                struct tm tm;
                time_t t;

                /* The table gives local time and zone. */
                cr_assert_eq(sscanf(expected, "%*s %*s %7s", zone), 1);
                cr_assert_eq(json_parse_memory(in, strlen(in), &date, NULL), 0);
                cr_assert_eq(parse_timestamp(json_object_get_string(date), &nsec), 0, "%s", in);
                t = (time_t) (nsec / NSEC_PER_SEC) + atoi(zone) / 100 * 3600;
                (void) gmtime_r(&t, &tm);
                (void) strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
                cr_expect(startswith(expected, text), "%s: %s", in, text);
                (void) json_object_put(date);
        }
}

Test(ac_types, os_arch_table)
{
        _cleanup_json_object_ json_object *table = open_table("labels-os-arch");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *in = row_string(row, "in"), *refused = row_string(row, "errPrefix");
                const char *go_arch = row_string(row, "goArch"), *flavor = row_string(row, "goArchFlavor");
                _cleanup_free_ char *json = strprintf(IMAGE ",\"labels\":%s}", in);
                _cleanup_(appc_image_freep) AppcImage *image = NULL;
                const char *variant = NULL;
                int r;

                r = appc_image_parse(json, strlen(json), &image, NULL);
                cr_expect_eq(r < 0, !isempty(refused), "%s", in);
                if (r < 0 || isempty(go_arch))
                        continue;
                cr_expect_str_eq(ac_arch_to_go(row_string(row, "goOS"), appc_image_label(image, "arch"), &variant),
                                 go_arch, "%s", in);
                cr_expect_str_eq(variant ? variant + 1 : "", flavor, "%s", in);
        }
}

Test(ac_types, docker_arch_table)
{
        _cleanup_json_object_ json_object *table = open_table("docker-osarch");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *os = row_string(row, "srcOS"), *arch = row_string(row, "srcArch");

                if (isempty(row_string(row, "dstArch")))
                        cr_expect_null(ac_arch_from_go(os, arch, NULL), "%s/%s", os, arch);
                else
                        cr_expect_str_eq(ac_arch_from_go(os, arch, NULL), row_string(row, "dstArch"), "%s/%s", os,
                                         arch);
        }
        cr_expect_str_eq(ac_arch_from_go("linux", "arm", "v6"), "armv6l");
        cr_expect_str_eq(ac_arch_from_go("linux", "arm", "v7"), "armv7l");
}

Test(ac_types, environment_names)
{
        cr_expect(env_name_is_valid("_a.b-C9"));
        cr_expect(env_name_is_valid("9a"));
        cr_expect(env_name_is_valid("BASH_FUNC_f%%"));
        cr_expect(env_name_is_valid("É a$b"));
        cr_expect_not(env_name_is_valid("a=b"));
        cr_expect_not(env_name_is_valid(""));
}

/* An appc image is told that its names are not those of the specification. */
Test(ac_types, environment_of_images)
{
        static const char *const bad[] = { "9a=x", ".a=x", "-a=x", "a b=x", "=x" };
        char *good[] = { (char *) "_a.b-C9=x", NULL };

        cr_expect_eq(ac_environment_check(good, "environment", NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(ac_environment_check((char *[]) { (char *) bad[i], NULL }, "environment", NULL), -EINVAL,
                             "%s", bad[i]);
}

Test(ac_types, urls)
{
        cr_expect(http_url_is_valid("https://example.com"));
        cr_expect_not(http_url_is_valid("https://"));
        cr_expect_not(http_url_is_valid("http:///path"));
        cr_expect_not(http_url_is_valid("http://a b"));
        cr_expect(uri_is_valid("ftp://x"));
        cr_expect_not(uri_is_valid("value"));
        cr_expect_not(uri_is_valid("x:"));
        cr_expect_not(uri_is_valid(":x"));
        cr_expect_not(uri_is_valid(""));
}
