/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "basic/string-util.h"
#include "fetch/url.h"

Test(url, resolve)
{
        static const struct {
                const char *location, *url;
        } cases[] = {
                { "/v2/x/blobs/uploads/1?state=a%3D", "https://a.test:5000/v2/x/blobs/uploads/1?state=a%3D" },
                { "https://b.test/upload", "https://b.test/upload" },
                { "//b.test/upload", "https://b.test/upload" },
                { "2", "https://a.test:5000/v2/x/blobs/uploads/2" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *url = NULL;

                cr_assert_eq(url_resolve("https://a.test:5000/v2/x/blobs/uploads/", cases[i].location, &url), 0);
                cr_expect_str_eq(url, cases[i].url);
        }
}

Test(url, not_one)
{
        _cleanup_free_ char *url = NULL;

        cr_expect_eq(url_resolve("https://a.test/", "https://a.test:x/", &url), -EPROTO);
        cr_expect_eq(url_resolve("", "https://a.test/", &url), -EPROTO);
        cr_expect_eq(url_add_query("https://", "a", "b", &url), -EPROTO);
        cr_expect_null(url);
}

/* What the registry put there stays as it is. */
Test(url, query)
{
        static const struct {
                const char *url, *longer;
        } cases[] = {
                { "https://a.test/x", "https://a.test/x?digest=sha256%3A12" },
                { "https://a.test/x?state=a%3D%26", "https://a.test/x?state=a%3D%26&digest=sha256%3A12" },
                { "https://a.test/x#y", "https://a.test/x?digest=sha256%3A12#y" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *url = NULL;

                cr_assert_eq(url_add_query(cases[i].url, "digest", "sha256:12", &url), 0);
                cr_expect_eq(strcasecmp(url, cases[i].longer), 0, "%s", url);
        }
}

Test(url, origin)
{
        static const struct {
                const char *a, *b;
                bool same;
        } cases[] = {
                { "https://a.test", "https://a.test/v2/?x", true },
                { "https://a.test", "https://A.test:443/", true },
                { "https://a.test:5000", "https://a.test:5000/x", true },
                { "https://a.test:5000", "https://a.test/x", false },
                { "https://a.test", "http://a.test/", false },
                { "http://a.test:443", "https://a.test/", false },
                { "https://a.test", "https://a.test.evil.test/", false },
                { "https://a.test", "https://a.test@evil.test/", false },
                { "https://a.test", "https://evil.test/https://a.test", false },
                { "https://a.test", "a.test:x", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(url_same_origin(cases[i].a, cases[i].b), cases[i].same, "%s", cases[i].b);
}
