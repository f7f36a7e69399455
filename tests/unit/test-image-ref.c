/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "image/name/image-ref.h"

Test(image_ref, parse)
{
        static const struct {
                const char *text;
                int error;
                ImageRefType type;
                const char *name, *tag;         /* of an ID: the digits in name */
                size_t n_labels;
        } cases[] = {
                { "busybox", 0, IMAGE_REF_NAME, "busybox", NULL },
                { "busybox:1.36", 0, IMAGE_REF_NAME, "busybox", "1.36" },
                { "localhost:5000/a/b", 0, IMAGE_REF_NAME, "localhost:5000/a/b", NULL },
                { "localhost:5000/a/b:c", 0, IMAGE_REF_NAME, "localhost:5000/a/b", "c" },
                { "docker://quay.io/x:y", 0, IMAGE_REF_NAME, "quay.io/x", "y" },
                { "example.com/app:1.0,os=linux,arch=amd64", 0, IMAGE_REF_NAME, "example.com/app", "1.0", 2 },
                { "example.com/app,version=2", 0, IMAGE_REF_NAME, "example.com/app", NULL, 1 },
                { "sha512-ab", 0, IMAGE_REF_ID, "ab", NULL },
                { "sha256:0123456789", 0, IMAGE_REF_ID, "0123456789", NULL },
                { "x@sha256:0123", 0, IMAGE_REF_ID, "0123", NULL },
                { "sha512-a", -EINVAL },
                { "x@latest", -EINVAL },
                { "", -EINVAL },
                { ":x", -EINVAL },
                { "x:", -EINVAL },
                { "a b", -EINVAL },
                { "a\nb", -EINVAL },
                { "x,os", -EINVAL },
                { "x,=y", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ImageRef ref = {};

                cr_expect_eq(image_ref_parse(cases[i].text, &ref), cases[i].error, "%s", cases[i].text);
                if (cases[i].error == 0) {
                        cr_expect_eq(ref.type, cases[i].type, "%s", cases[i].text);
                        cr_expect(streq_ptr(ref.type == IMAGE_REF_ID ? ref.hex : ref.name, cases[i].name), "%s",
                                  cases[i].text);
                        cr_expect(streq_ptr(ref.tag, cases[i].tag), "%s", cases[i].text);
                        cr_expect_eq(strv_length(ref.labels), cases[i].n_labels, "%s", cases[i].text);
                }
                image_ref_done(&ref);
        }
}

Test(image_ref, findable)
{
        static const char *const good[] = { "a", "a:1", "example.com:5000/a/x-Y:latest", "a.b", "x/y" };
        static const char *const bad[] = {
                "", "-x", "-x:latest", ":latest", "a:", "a@sha256:aa", "a,b=c", "a b", "sha256:abc", "sha512-abc",
                "docker://a", "docker:a", "oci:a",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(image_name_is_findable(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_not(image_name_is_findable(bad[i]), "%s", bad[i]);
}

Test(image_ref, escape)
{
        static const char *const cases[][2] = {
                { "busybox:1.36", "busybox:1.36" },
                { "docker.io/library/x:y", "docker.io%2Flibrary%2Fx:y" },
                { "../../etc", "%2E.%2F..%2Fetc" },
                { ".hidden", "%2Ehidden" },
                { "100%", "100%25" },
                { "\xc3\xa9", "%C3%A9" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *file = NULL, *name = NULL;

                cr_assert_eq(image_name_escape(cases[i][0], &file), 0);
                cr_expect_str_eq(file, cases[i][1]);
                cr_assert_eq(image_name_unescape(file, &name), 0);
                cr_expect_str_eq(name, cases[i][0]);
        }
}

Test(image_ref, unescape_refuses)
{
        static const char *const cases[] = { "%", "%2", "%2f", "%41", "a/b", "%00", "x y", ".x" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *name = NULL;

                cr_expect_eq(image_name_unescape(cases[i], &name), -EINVAL, "%s", cases[i]);
        }
}

Test(image_ref, paths)
{
        cr_expect(image_ref_is_path("/anything"));
        cr_expect(image_ref_is_path("./x"));
        cr_expect(image_ref_is_path("../x"));
        cr_expect(image_ref_is_path("some/app.aci"));
        cr_expect(image_ref_is_path("nowhere.tar"));
        cr_expect_not(image_ref_is_path("busybox"));
        cr_expect_not(image_ref_is_path("example.com/app:1.aci"));
        cr_expect_not(image_ref_is_path("sha512-abcdef"));
}
