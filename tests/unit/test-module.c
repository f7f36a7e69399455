/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "shared/module.h"

extern const int linked_part __attribute__((weak));
extern const int missing_part __attribute__((weak));

const int linked_part = 7;

/* Whatever is installed: nothing is loaded for what the program has itself. */
Test(module, linked)
{
        _cleanup_free_ char *message = NULL;
        const int *part;

        cr_assert_eq(module_find("not-there", linked_part, &part, &message), 0);
        cr_expect_eq(*part, 7);
        cr_expect_null(message);
}

Test(module, missing)
{
        _cleanup_free_ char *message = NULL;
        const int *part = &linked_part;

        cr_assert_eq(module_find("not-there", missing_part, &part, &message), -ENOSYS);
        cr_expect_null(part);
        cr_assert_not_null(strstr(message, "cannot load "), "%s", message);
        cr_expect_not_null(strstr(message, "/not-there.so: "), "%s", message);
        cr_expect_not_null(strstr(message, "; install podctl again"), "%s", message);
}
