/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "grpc/grpc-message.h"

Test(grpc_message, requests)
{
        static const struct {
                uint8_t data[12];
                size_t n;
                GrpcCode code;
                size_t length;
        } cases[] = {
                { { 0, 0, 0, 0, 0 }, 5, GRPC_OK, 0 },
                { { 0, 0, 0, 0, 2, 'a', 'b' }, 7, GRPC_OK, 2 },
                { {}, 0, GRPC_INTERNAL, 0 },
                { { 0, 0, 0, 0 }, 4, GRPC_INTERNAL, 0 },
                { { 0, 0, 0, 0, 3, 'a', 'b' }, 7, GRPC_INTERNAL, 0 },
                /* Two messages. */
                { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, 10, GRPC_INTERNAL, 0 },
                { { 1, 0, 0, 0, 0 }, 5, GRPC_UNIMPLEMENTED, 0 },
                { { 0, 0xff, 0xff, 0xff, 0xff, 'a' }, 6, GRPC_RESOURCE_EXHAUSTED, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const uint8_t *message = NULL;
                size_t n = 99;

                cr_expect_eq(grpc_request_read(cases[i].data, cases[i].n, &message, &n), cases[i].code, "%zu", i);
                if (cases[i].code != GRPC_OK)
                        continue;
                cr_expect_eq(n, cases[i].length);
                cr_expect_eq(message, cases[i].data + GRPC_PREFIX_SIZE);
        }
}

Test(grpc_message, prefix)
{
        uint8_t prefix[GRPC_PREFIX_SIZE];

        grpc_prefix_write(prefix, 0x10203);
        cr_expect_eq(memcmp(prefix, "\0\0\1\2\3", sizeof(prefix)), 0);
}

Test(grpc_message, timeouts)
{
        static const struct {
                const char *text;
                int r;
                uint64_t usec;
        } cases[] = {
                { "1S", 0, 1000000 },
                { "100m", 0, 100000 },
                { "99999999H", 0, UINT64_C(359999996400000000) },
                { "2M", 0, 120000000 },
                { "7u", 0, 7 },
                { "1500n", 0, 1 },
                { "0S", 0, 0 },
                { "", -EINVAL, 0 },
                { "S", -EINVAL, 0 },
                { "1", -EINVAL, 0 },
                { "1s", -EINVAL, 0 },
                { "-1S", -EINVAL, 0 },
                { "123456789S", -EINVAL, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 0;

                cr_expect_eq(grpc_timeout_parse(cases[i].text, strlen(cases[i].text), &usec), cases[i].r, "%s",
                             cases[i].text);
                cr_expect_eq(usec, cases[i].usec, "%s", cases[i].text);
        }
}

Test(grpc_message, texts)
{
        static const char *const cases[][2] = {
                { "", "" }, { "no such pod", "no such pod" }, { "100%", "100%25" }, { "a\nb", "a%0Ab" },
                { "\xc3\xa4", "%C3%A4" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *escaped = grpc_text_escape(cases[i][0]);

                cr_expect_str_eq(escaped, cases[i][1]);
        }
}
