/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/macro.h"
#include "shared/json-locate.h"

static const char text[] =
        "\n"
        "{ \"kind\": \"a\\\"b{\",\n"
        "  \"apps\": [\n"
        "    { \"name\": \"one\" },\n"
        "    { \"name\": \"two\",\n"
        "      \"image\": {\n"
        "        \"labels\": [ [], {}, 1.5,\n"
        "          null ],\n"
        "        \"id\"  :  7 } } ],\n"
        "  \"last\": true,\n"
        "  \"od.d: na[me\": { \"a b\":\n"
        "  1 }\n"
        "}\n";

Test(json_locate, lines)
{
        static const struct {
                const char *path;
                size_t line;
        } cases[] = {
                { "kind: expected a number", 2 },
                { "apps", 3 },
                { "apps[0]", 4 },
                { "apps[0].name: 'one' is taken", 4 },
                { "apps[1].name", 5 },
                { "apps[1].image.labels[2]", 7 },
                { "apps[1].image.labels[3]: expected a string", 8 },
                { "apps[1].image.id: expected a string", 9 },
                { "last", 10 },
                { "od.d: na[me: is not a known member", 11 },
                { "od.d: na[me.a b: is not a known member", 11 },
                /* What is not there belongs to what is. */
                { "apps[1].image.name: missing", 6 },
                { "apps[2].name", 3 },
                { "", 0 },
                { "nothing", 0 },
                { "missing member 'apps'", 0 },
                { "app 'web': no such image", 0 },
                { "last.deeper", 10 },
                { "last[3]", 10 },
                { "apps[99999999999999999999]", 3 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(json_line_of(text, sizeof(text) - 1, cases[i].path), cases[i].line, "%s: %zu",
                             cases[i].path, json_line_of(text, sizeof(text) - 1, cases[i].path));
}

/* Whatever the text and the path: it stays inside. */
Test(json_locate, stays_inside)
{
        static const char *const paths[] = {
                "apps[1].image.labels[3]", "a.b.c[0][0]", "[0][1].x", "..", "[", "[]", ".", "a["
        };

        for (size_t n = 0; n < sizeof(text); n++)
                for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                        char *copy = malloc(n + 1);

                        memcpy(copy, text, n);
                        cr_expect_leq(json_line_of(copy, n, paths[i]), 14);
                        free(copy);
                }
}
