/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "image/name/image-location.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* Whether a file of that name exists decides some; there is none here. */
static void setup(void)
{
        cr_assert_eq(chdir("/proc/self/ns"), 0);
}

TestSuite(image_location, .init = setup);

Test(image_location, forms)
{
        static const struct {
                const char *in;
                ImageLocationType type;
                const char *text, *reference;
        } cases[] = {
                { "sha512-" HEX, IMAGE_AT_STORE, "sha512-" HEX },
                { "sha256:ab12", IMAGE_AT_STORE, "sha256:ab12" },
                { "docker://busybox", IMAGE_AT_REGISTRY, "docker.io/library/busybox:latest" },
                { "docker:busybox:1", IMAGE_AT_REGISTRY, "docker.io/library/busybox:1" },
                { "oci://quay.io/a/b", IMAGE_AT_REGISTRY, "quay.io/a/b:latest" },
                { "docker://localhost:5000/x:y@sha256:" HEX, IMAGE_AT_REGISTRY, "localhost:5000/x@sha256:" HEX },
                { "https://example.com/a.aci", IMAGE_AT_URL, "https://example.com/a.aci" },
                { "http://example.com:8080/a", IMAGE_AT_URL, "http://example.com:8080/a" },
                { "https://example.com/a.aci?b=c#d", IMAGE_AT_URL, "https://example.com/a.aci?b=c#d" },
                { "/no/such/file", IMAGE_AT_PATH, "/no/such/file" },
                { "./file", IMAGE_AT_PATH, "./file" },
                { "../x/./file.aci", IMAGE_AT_PATH, "../x/./file.aci" },
                { "file.aci", IMAGE_AT_PATH, "file.aci" },
                { "file:///a/b.aci", IMAGE_AT_PATH, "/a/b.aci" },
                { "oci:/a/b", IMAGE_AT_PATH, "/a/b" },
                { "oci:./a:x:1", IMAGE_AT_PATH, "./a", "x:1" },
                { "oci:a/b:1", IMAGE_AT_REGISTRY, "docker.io/a/b:1" },
                { "oci:///a/b", IMAGE_AT_REGISTRY, "docker.io/a/b:latest" },
                { "oci-archive:a.tar:1", IMAGE_AT_PATH, "a.tar", "1" },
                { "docker-archive:a.tar:r.example/a:1", IMAGE_AT_PATH, "a.tar", "r.example/a:1" },
                { "example.com/app", IMAGE_AT_DISCOVERY, "example.com/app" },
                { "busybox", IMAGE_AT_STORE, "busybox" },
                { "busybox:1.36_x", IMAGE_AT_STORE, "busybox:1.36_x" },
                { "team/site.x:1", IMAGE_AT_STORE, "team/site.x:1" },
                { "localhost/app", IMAGE_AT_STORE, "localhost/app" },
                { "localhost:5000/nginx:latest", IMAGE_AT_STORE, "localhost:5000/nginx:latest" },
                { "reg.lan:5000/team/site:1", IMAGE_AT_STORE, "reg.lan:5000/team/site:1" },
                { "busybox,os=linux", IMAGE_AT_STORE, "busybox,os=linux" },
                { "example.com/app:1.0,os=linux", IMAGE_AT_DISCOVERY, "example.com/app:1.0,os=linux" },
                { "cimd:docker:v=0:docker.io/library/x:1", IMAGE_AT_REGISTRY, "docker.io/library/x:1" },
                { "cimd:aci-archive:v=0:https%3A%2F%2Fa.b%2Fc.aci", IMAGE_AT_URL, "https://a.b/c.aci" },
                { "cimd:appc:v=0:example.com/app", IMAGE_AT_DISCOVERY, "example.com/app" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(image_location_done) ImageLocation l = {};
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(image_location_parse(cases[i].in, &l, &message), 0, "%s: %s", cases[i].in, message);
                cr_expect_eq(l.type, cases[i].type, "%s: %d", cases[i].in, l.type);
                cr_expect(streq_ptr(l.text, cases[i].text), "%s: %s", cases[i].in, l.text);
                cr_expect(streq_ptr(l.reference, cases[i].reference), "%s: %s", cases[i].in, l.reference);
        }
}

Test(image_location, nonsense)
{
        static const char *const bad[] = {
                "",
                "oci-archive:",
                "docker-archive::x",
                "oci:/a:",
                "docker:",
                "docker://",
                "docker://UPPER",
                "docker://a b",
                "oci:",
                "https://",
                "https:///a",
                "https://:80/a",
                "https://user@example.com/a",
                "https://user:pass@example.com/a",
                "https://a b/c",
                "https://a/b c",
                "https://a/\n",
                "https://a/\xc3\xa9",
                "http://?x",
                "https://@/",
                "file://relative",
                "file://",
                "file://host/path",
                "cimd:",
                "cimd:x:v=0:y",
                "cimd:appc:v=1:example.com/app",
                "cimd:appc:v=0:",
                "cimd:docker:v=0:",
                "cimd:aci-archive:v=0:",
                "a b",
                "a,b",
                "a:",
                ":a",
                "a,x=",
                "a,version=1,version=2",
                "a:1,version=2",
                "a,os=plan9",
                "a,arch=vax",
                "ftp://a/b",
                "cimd:cimd:v=0:x",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ImageLocation l = {};
                _cleanup_free_ char *message = NULL;
                int r = image_location_parse(bad[i], &l, &message);

                cr_expect_eq(r, -EINVAL, "%s: %d, %d '%s'", bad[i], r, l.type, l.text);
                cr_expect(message && !strchr(message, '\n') == !strchr(bad[i], '\n'), "%s: %s", bad[i], message);
                image_location_done(&l);
        }
}

/* One kind within another any number of times. */
Test(image_location, nested)
{
        _cleanup_free_ char *s = strdup(""), *message = NULL;
        ImageLocation l = {};

        for (unsigned i = 0; i < 2000; i++) {
                _cleanup_free_ char *before = s;

                s = strjoin(before, "cimd:aci-archive:v=0:");
        }
        cr_expect_lt(image_location_parse(s, &l, &message), 0);
}

Test(image_location, labels_of_this_machine)
{
        _cleanup_(image_location_done) ImageLocation l = {}, given = {};

        cr_assert_eq(image_location_parse("example.com/app", &l, NULL), 0);
        cr_expect_str_eq(strv_env_get(l.appc.labels, "os"), "linux");
        cr_expect_not_null(strv_env_get(l.appc.labels, "arch"));
        cr_expect_null(strv_env_get(l.appc.labels, "version"));
        cr_assert_eq(image_location_parse("example.com/app:1,arch=aarch64", &given, NULL), 0);
        cr_expect_str_eq(strv_env_get(given.appc.labels, "arch"), "aarch64");
        cr_expect_str_eq(strv_env_get(given.appc.labels, "os"), "linux");
        cr_expect_str_eq(strv_env_get(given.appc.labels, "version"), "1");
}

/* Labels in any order, without those that are filled in. */
static bool same_labels(const AppcImageRef *a, const AppcImageRef *b)
{
        STRV_FOREACH(label, a->labels)
                if (!startswith(*label, "os=") && !startswith(*label, "arch=") && !strv_contains(b->labels, *label))
                        return false;
        return streq_ptr(a->name, b->name) && strv_length(a->labels) == strv_length(b->labels);
}

/* rkt's way of writing a name down says the same as the name. */
Test(image_location, rkt_appc)
{
        _cleanup_json_object_ json_object *table = open_table("rkt-appc-dist");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *name = row_string(row, "appcRef") ?: row_string(row, "out");
                const char *cimd = row_string(row, "expected") ?: row_string(row, "uriStr");
                _cleanup_(image_location_done) ImageLocation a = {}, b = {};
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(image_location_parse(name, &a, &message), 0, "%s: %s", name, message);
                cr_expect_eq(image_location_parse(cimd, &b, &message), 0, "%s: %s", cimd, message);
                /* No site has such a name: it is one of the store. */
                if (!memchr(name, '.', strcspn(name, "/:"))) {
                        cr_expect_eq(a.type, IMAGE_AT_STORE, "%s", name);
                        continue;
                }
                cr_expect_eq(a.type, IMAGE_AT_DISCOVERY);
                cr_expect_eq(b.type, IMAGE_AT_DISCOVERY);
                cr_expect(same_labels(&a.appc, &b.appc), "%s, %s", name, cimd);
        }
}

Test(image_location, rkt_archives)
{
        _cleanup_json_object_ json_object *table = open_table("rkt-aciarchive-dist");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *url = row_string(row, "transportURL"), *cimd = row_string(row, "expectedCIMD");
                _cleanup_(image_location_done) ImageLocation a = {}, b = {};

                cr_expect_eq(image_location_parse(url, &a, NULL), 0, "%s", url);
                if (!cimd)
                        continue;
                cr_expect_eq(image_location_parse(cimd, &b, NULL), 0, "%s", cimd);
                cr_expect_eq(a.type, b.type);
                cr_expect(streq_ptr(a.text, b.text), "%s: %s", cimd, b.text);
        }
}

Test(image_location, rkt_guesses)
{
        _cleanup_json_object_ json_object *table = open_table("rkt-guess-appc-or-path");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                const char *image = row_string(row, "image"), *type = row_string(row, "expectedType");
                _cleanup_(image_location_done) ImageLocation l = {};

                cr_expect_eq(image_location_parse(image, &l, NULL), 0, "%s", image);
                cr_expect_eq(l.type, streq(type, "1") ? IMAGE_AT_PATH : IMAGE_AT_DISCOVERY, "%s: %d", image, l.type);
        }
}

Test(image_location, rkt_signatures)
{
        _cleanup_json_object_ json_object *table = open_table("rkt-signature-paths");

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_array_get_idx(table, i);
                _cleanup_free_ char *url = NULL;

                cr_assert_eq(image_signature_url(row_string(row, "i"), &url), 0);
                cr_expect_str_eq(url, row_string(row, "s"));
        }
}

/* Of a directory that others write to. */
Test(image_location, files_that_are_called_like_images)
{
        static const struct {
                const char *in;
                ImageLocationType type;
        } cases[] = {
                { "busybox", IMAGE_AT_STORE },
                { "./busybox", IMAGE_AT_PATH },
                { "busybox.oci", IMAGE_AT_PATH },
        };
        _cleanup_(temporary_done) Temporary t = temporary_new();

        cr_assert_eq(fchdir(t.fd), 0);
        cr_assert_eq(write_string_at(t.fd, "busybox", "", 0644), 0);
        cr_assert_eq(write_string_at(t.fd, "busybox.oci", "", 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(image_location_done) ImageLocation l = {};

                cr_assert_eq(image_location_parse(cases[i].in, &l, NULL), 0, "%s", cases[i].in);
                cr_expect_eq(l.type, cases[i].type, "%s", cases[i].in);
        }
}
