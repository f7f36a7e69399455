/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "basic/macro.h"
#include "basic/number-set.h"

Test(number_set, parse)
{
        NumberSet set;

        cr_assert_eq(number_set_parse("0-2,,9", &set), 0);
        cr_expect_eq(set.bits[0], 7);
        cr_expect_eq(set.bits[1], 2);
        cr_expect_eq(set.n_bytes, 2);
        cr_assert_eq(number_set_parse("8191", &set), 0);
        cr_expect_eq(set.bits[1023], 128);
        cr_expect_eq(set.bits[0], 0);
}

Test(number_set, bad_text)
{
        static const char *const cases[] = { "a", "-1", "1-", "3-1", "8192", "0 1", "0x1", "1-2-3" };
        NumberSet set;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(number_set_parse(cases[i], &set), -EINVAL, "%s", cases[i]);
}

Test(number_set, within)
{
        static const struct {
                const char *set, *other;
                bool within;
        } cases[] = {
                { "0", "0-1", true },    { "0-1", "0-1", true }, { "", "0", true },
                { "2", "0-1", false },   { "0-2", "0-1", false }, { "0", "1", false },
                { "0,900", "0-7", false }, { "900", "0-4095", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NumberSet set, other;

                cr_assert_eq(number_set_parse(cases[i].set, &set), 0);
                cr_assert_eq(number_set_parse(cases[i].other, &other), 0);
                cr_expect_eq(number_set_is_within(&set, &other), cases[i].within, "%s in %s", cases[i].set,
                             cases[i].other);
        }
}
