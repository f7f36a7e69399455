/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "shared/json-pack.h"
#include "shared/json-table.h"

static json_object *parse(const char *text)
{
        json_object *o = NULL;

        cr_assert_eq(json_parse_memory(text, strlen(text), &o, NULL), 0, "%s", text);
        return o;
}

Test(json_pack, there_and_back)
{
        static const char *const texts[] = {
                "null",
                "true",
                "false",
                "0",
                "-9223372036854775808",
                "9223372036854775807",
                "18446744073709551615",
                "1.5",
                "\"\"",
                "\"täxt \\u0001 \\\" \"",
                "[]",
                "{}",
                "[null,[[]],{\"\":{}}]",
                "{\"name\":\"value\",\"list\":[1,2.25,\"three\"],\"nothing\":null}",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_json_object_ json_object *o = parse(texts[i]), *back = NULL;
                _cleanup_free_ char *packed = NULL, *text = NULL, *wanted = NULL;
                size_t size;

                cr_assert_eq(json_pack(o, &packed, &size), 0);
                cr_assert_eq(json_unpack(packed, size, &back), 0, "%s", texts[i]);
                cr_assert_eq(json_format_compact(o, &wanted), 0);
                cr_assert_eq(json_format_compact(back, &text), 0);
                cr_expect_str_eq(text, wanted);
        }
}

#define CASE(literal) { literal, sizeof(literal) - 1 }

Test(json_pack, refuses)
{
        static const struct {
                const char *data;
                size_t n;
        } cases[] = {
                CASE(""),                                       /* nothing */
                CASE("x"),                                      /* no such kind */
                CASE("nn"),                                     /* left over */
                CASE("i\1\0\0\0\0\0\0"),                        /* cut off */
                CASE("u\1\0\0\0\0\0\0\0"),                      /* would be an i */
                CASE("d\0\0\0\0\0\0\xf0\x7f"),                  /* infinite */
                CASE("s\5\0\0\0abc"),                           /* longer than what is there */
                CASE("s\xff\xff\xff\xff"),
                CASE("s\3\0\0\0a\0c"),                          /* NUL */
                CASE("s\1\0\0\0\xff"),                          /* not UTF-8 */
                CASE("a\2\0\0\0n"),                             /* an element missing */
                CASE("a\xff\xff\xff\xff"),
                CASE("o\1\0\0\0\1\0\0\0a"),                     /* a value missing */
                CASE("o\2\0\0\0\1\0\0\0an\1\0\0\0an"),          /* twice */
                CASE("o\1\0\0\0\1\0\0\0\0n"),                   /* NUL in a name */
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                json_object *o = NULL;

                cr_expect_eq(json_unpack(cases[i].data, cases[i].n, &o), -EBADMSG, "case %zu", i);
                cr_expect_null(o);
        }
}

Test(json_pack, nesting_has_an_end)
{
        char data[5 * (JSON_MAX_DEPTH + 1) + 1] = {};

        for (size_t depth = JSON_MAX_DEPTH; depth <= JSON_MAX_DEPTH + 1; depth++) {
                _cleanup_json_object_ json_object *o = NULL;

                for (size_t i = 0; i < depth; i++)
                        memcpy(data + 5 * i, "a\1\0\0\0", 5);
                data[5 * depth] = 't';
                cr_expect_eq(json_unpack(data, 5 * depth + 1, &o), depth > JSON_MAX_DEPTH ? -EBADMSG : 0);
        }
}
