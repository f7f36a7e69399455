/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "basic/macro.h"
#include "cli/terminal/detach-keys.h"

Test(detach_keys, words)
{
        static const struct {
                const char *text, *bytes; /* NULL: refused */
        } cases[] = {
                { "ctrl-p,ctrl-q", "\x10\x11" }, { "ctrl-P", "\x10" }, { "ctrl-],x", "\x1dx" }, { "", "" },
                { "~,.", "~." },                 { "ctrl-", NULL },   { "ctrl-1", NULL },      { "pq", NULL },
                { "ctrl-pp", NULL },             { " ", NULL },       { "alt-x", NULL },
                { "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                DetachKeys keys;
                int r = detach_keys_parse(cases[i].text, &keys);

                if (!cases[i].bytes) {
                        cr_expect_eq(r, -EINVAL, "%s", cases[i].text);
                        continue;
                }
                cr_assert_eq(r, 0, "%s", cases[i].text);
                cr_assert_eq(keys.n, strlen(cases[i].bytes), "%s", cases[i].text);
                cr_expect_eq(memcmp(keys.bytes, cases[i].bytes, keys.n), 0, "%s", cases[i].text);
        }
}

/* Typed at once, and byte by byte. */
Test(detach_keys, filter)
{
        static const struct {
                const char *keys, *typed, *passed;
                bool detached;
        } cases[] = {
                { "a,b", "xab", "x", true },
                { "a,b", "xaab", "xa", true },
                { "a,b", "xacab", "xac", true },
                { "a,b", "hello", "hello", false },
                { "a,b", "a", "", false },
                { "a,b", "aa", "a", false },
                { "a,b,a,c", "ababac", "ab", true },
                { "a,a,b", "aaab", "a", true },
                { "a,a,b", "aac", "aac", false },
                { "", "anything", "anything", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint8_t passed[64], all[64] = {};
                size_t n, length = 0;
                bool detached = false;
                DetachKeys keys;

                cr_assert_eq(detach_keys_parse(cases[i].keys, &keys), 0);
                for (const char *p = cases[i].typed; *p && !detached; p++) {
                        detached = detach_keys_filter(&keys, (const uint8_t *) p, 1, passed, &n);
                        memcpy(all + length, passed, n);
                        length += n;
                }
                cr_expect_eq(detached, cases[i].detached, "%s %s", cases[i].keys, cases[i].typed);
                cr_expect_str_eq((char *) all, cases[i].passed, "%s %s", cases[i].keys, cases[i].typed);
                cr_assert_eq(detach_keys_parse(cases[i].keys, &keys), 0);
                detached = detach_keys_filter(&keys, (const uint8_t *) cases[i].typed, strlen(cases[i].typed),
                                              passed, &n);
                cr_expect_eq(detached, cases[i].detached, "%s %s", cases[i].keys, cases[i].typed);
                cr_assert_eq(n, length, "%s %s", cases[i].keys, cases[i].typed);
                cr_expect_eq(memcmp(passed, all, n), 0, "%s %s", cases[i].keys, cases[i].typed);
        }
}
