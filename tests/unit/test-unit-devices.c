/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "unit/unit-devices.h"

/* Whether a unit allows a device already, and what it allows with one more. /dev/zero is 1:5 everywhere. */

Test(unit_devices, has)
{
        static const char *const list[] = { "/dev/zero r", "/dev/char/10:229 rwm", "/dev/full", "char-pts rw", NULL };
        static const struct {
                const char *line;
                bool has;
        } cases[] = {
                { "/dev/zero r", true },
                { "/dev/char/1:5 r", true },
                { "/dev/char/1:5 rw", false },
                { "/dev/block/1:5 r", false },
                { "/dev/char/10:229 wr", true },
                { "/dev/char/10:22 r", false },
                { "/dev/char/1:7 rwm", true },
                { "/dev/char/1:7", true },
                { "char-pts r", true },
                { "char-input r", false },
                { "/dev/no-such-device r", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(device_list_has((char *const *) list, cases[i].line), cases[i].has, "%s", cases[i].line);
        cr_expect_not(device_list_has(NULL, "/dev/zero r"));
}

Test(unit_devices, add)
{
        static const char *const lines[] = { "/dev/a r", "/dev/b rw", "/dev/a w", "/dev/b", "/dev/a r" };
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *all = NULL;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                cr_assert_eq(device_list_add(&list, lines[i]), 0);
        all = strv_join(list, "|");
        cr_expect_str_eq(all, "/dev/a rw|/dev/b rwm");
}
