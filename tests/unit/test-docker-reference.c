/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "image/name/docker-reference.h"

#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

Test(docker_reference, parse)
{
        static const struct {
                const char *text, *registry, *path, *tag;
                bool digest;
        } cases[] = {
                { "busybox", "docker.io", "library/busybox", NULL },
                { "busybox:1.36", "docker.io", "library/busybox", "1.36" },
                { "user/app:x", "docker.io", "user/app", "x" },
                { "docker.io/busybox", "docker.io", "library/busybox", NULL },
                { "index.docker.io/busybox", "docker.io", "library/busybox", NULL },
                { "docker.io/library/busybox:latest", "docker.io", "library/busybox", "latest" },
                { "localhost/app", "localhost", "app", NULL },
                { "localhost:5000/a/b_c/d__e:T.a-g", "localhost:5000", "a/b_c/d__e", "T.a-g" },
                { "example.com/a--b/c.d", "example.com", "a--b/c.d", NULL },
                { "[::1]:5000/x:y", "[::1]:5000", "x", "y" },
                { "x@sha256:" HEX, "docker.io", "library/x", NULL, true },
                { "quay.io/x:y@sha256:" HEX, "quay.io", "x", "y", true },
        };
        static const char *const bad[] = {
                "",
                "/",
                ":x",
                "x:",
                "Upper",
                "x/Upper/y",
                "x//y",
                "/x",
                "x/",
                "a b",
                "x:.y",
                "x:y:z/w",
                "x@",
                "x@sha256:ab",
                ("x@sha256-" HEX),
                "x@md5:00",
                "-x",
                "x-",
                "x..y",
                "x___y",
                "x._y",
                "example.com:port/x",
                "example.com:/x",
                "example.com:123456/x",
                "https://example.com/x",
                "..",
                "../x",
                "x/../y",
                "x\n",
                "x%2fy",
                "\xc3\xa9",
                "-h.com/x",
                "[::1/x",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DockerReference r = {};

                cr_expect_eq(docker_reference_parse(cases[i].text, &r), 0, "%s", cases[i].text);
                cr_expect(streq_ptr(r.registry, cases[i].registry), "%s: %s", cases[i].text, r.registry);
                cr_expect(streq_ptr(r.path, cases[i].path), "%s: %s", cases[i].text, r.path);
                cr_expect(streq_ptr(r.tag, cases[i].tag), "%s: %s", cases[i].text, r.tag);
                cr_expect_eq(r.has_digest, cases[i].digest, "%s", cases[i].text);
                docker_reference_done(&r);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                DockerReference r = {};

                cr_expect_eq(docker_reference_parse(bad[i], &r), -EINVAL, "%s", bad[i]);
                docker_reference_done(&r);
        }
}
