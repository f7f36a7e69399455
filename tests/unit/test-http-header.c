/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "basic/string-util.h"
#include "fetch/http-header.h"

Test(http_header, content_range)
{
        static const struct {
                const char *value;
                uint64_t begin;
        } cases[] = {
                { "bytes 0-9/10", 0 },
                { "Bytes 5-9/*", 5 },
                { "bytes 18446744073709551614-18446744073709551615/*", UINT64_MAX - 1 },
                { "bytes */10", UINT64_MAX },
                { "bytes=5-9/10", UINT64_MAX },
                { "lines 5-9/10", UINT64_MAX },
                { "bytes -5-9", UINT64_MAX },
                { "bytes +5-9", UINT64_MAX },
                { "bytes 99999999999999999999-", UINT64_MAX },
                { "bytes", UINT64_MAX },
                { "", UINT64_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(http_parse_range_begin(cases[i].value), cases[i].begin, "%s", cases[i].value);
}

Test(http_header, retry_after)
{
        static const struct {
                const char *value;
                uint64_t seconds;
        } cases[] = {
                { "0", 0 }, { "120", 120 }, { "18446744073709551615", UINT64_MAX },
                { "Sun, 06 Nov 1994 08:49:37 GMT", 37 },
                { "Sunday, 06-Nov-94 08:49:37 GMT", 37 },
                { "Sun Nov  6 08:49:37 1994", 37 },
                { "Sun, 06 Nov 1994 08:48:59 GMT", 0 },
                { "", 0 }, { "soon", 0 }, { "-5", 0 }, { "5 minutes", 0 }, { "1.5", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(http_parse_retry_after(cases[i].value, 784111740), cases[i].seconds, "%s: %" PRIu64,
                             cases[i].value, http_parse_retry_after(cases[i].value, 784111740));
}

Test(http_header, max_age)
{
        static const struct {
                const char *value;
                uint64_t seconds;
        } cases[] = {
                { "max-age=60", 60 },
                { "MAX-AGE=60", 60 },
                { "public, max-age=60, immutable", 60 },
                { "a,max-age=1,max-age=2", 1 },
                { "max-age=60, no-store", 0 },
                { "no-cache, max-age=60", 0 },
                { "No-Cache=\"x\", max-age=60", 0 },
                { "s-maxage=60", 0 },
                { "max-age", 0 },
                { "max-age=", 0 },
                { "max-age=-1", 0 },
                { "max-age=1h", 0 },
                { "max-ages=60", 0 },
                { "x-max-age=60", 0 },
                { "", 0 },
                { ",,,", 0 },
                { "no-storeroom, max-age=60", 60 },
                { "max-age=99999999999999999999", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(http_parse_max_age(cases[i].value), cases[i].seconds, "%s: %" PRIu64, cases[i].value,
                             http_parse_max_age(cases[i].value));
}

Test(http_header, challenges_in_one_header)
{
        static const struct {
                const char *value, *all;
        } cases[] = {
                { "Basic realm=\"reg\", Bearer realm=\"https://a/t\",service=\"s\"",
                  "Basic realm=\"reg\"|Bearer realm=\"https://a/t\",service=\"s\"" },
                { "Negotiate, Bearer realm=x", "Negotiate|Bearer realm=x" },
                { "Bearer realm=x , Service = \"s\" , Basic", "Bearer realm=x , Service = \"s\" |Basic" },
                { "Negotiate abc==, Basic realm=\"a, Bearer realm=b\"",
                  "Negotiate abc==|Basic realm=\"a, Bearer realm=b\"" },
                { "Bearer realm=\"a \\\", Basic x\", scope=y", "Bearer realm=\"a \\\", Basic x\", scope=y" },
                { ", ,Basic,, ,Bearer realm=x,,", "Basic|Bearer realm=x" },
                { "Bearer realm=\"never ends, Basic", "Bearer realm=\"never ends, Basic" },
                { "", "" },
                { " , ", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **all = NULL;
                _cleanup_free_ char *text = NULL;

                cr_assert_eq(http_challenges_split(cases[i].value, &all), 0);
                text = strv_join(all, "|");
                cr_expect_str_eq(text, cases[i].all, "%s: %s", cases[i].value, text);
        }
}

Test(http_header, challenge_schemes)
{
        cr_expect(http_challenge_is("Bearer realm=x", "Bearer"));
        cr_expect(http_challenge_is("bearer", "Bearer"));
        cr_expect_not(http_challenge_is("Bearers realm=x", "Bearer"));
        cr_expect_not(http_challenge_is("Basic realm=\"Bearer\"", "Bearer"));
        cr_expect_not(http_challenge_is("", "Bearer"));
}

Test(http_header, challenge_parameters)
{
        static const struct {
                const char *challenge, *name, *value;
        } cases[] = {
                { "Bearer realm=\"https://a/token\",service=\"s\",scope=\"repository:a/b:pull,push\"", "realm",
                  "https://a/token" },
                { "Bearer realm=\"https://a/token\",service=\"s\",scope=\"repository:a/b:pull,push\"", "scope",
                  "repository:a/b:pull,push" },
                { "Bearer realm=\"x\" , Service = token , scope=y", "service", "token" },
                { "Bearer realm=\"a \\\"quoted\\\" \\\\ one\"", "realm", "a \"quoted\" \\ one" },
                { "Bearer x=\"realm=no\", realm=yes", "realm", "yes" },
                { "Bearer realm=\"\"", "realm", "" },
                { "Bearer realm=", "realm", "" },
                { "Bearer realm=\"never ends", "realm", "never ends" },
                { "Bearer realm=\"ends in \\", "realm", "ends in \\" },
                { "Bearer ,,, realm=x", "realm", "x" },
                { "Bearer =x, realm=y", "realm", "y" },
                { "Bearer xrealm=x, realmx=y", "realm", NULL },
                { "Bearer realm", "realm", NULL },
                { "Bearer", "realm", NULL },
                { "", "realm", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *value = NULL;
                int r = http_challenge_parameter(cases[i].challenge, cases[i].name, &value);

                cr_expect_eq(r, cases[i].value ? 0 : -ENOENT, "%s: %d", cases[i].challenge, r);
                cr_expect(streq_ptr(value, cases[i].value), "%s: %s", cases[i].challenge, value);
        }
}
