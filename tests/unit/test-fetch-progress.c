/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "cli/terminal/fetch-progress.h"

#define MIB (1024U * 1024)

Test(fetch_progress, format)
{
        static const struct {
                uint64_t done, total;
                size_t columns;
                const char *says;
                size_t filled;          /* characters of the bar */
        } cases[] = {
                { 0, 40 * MIB, 80, "0B of 40.0MiB", 0 },
                { 20 * MIB, 40 * MIB, 80, "20.0MiB of 40.0MiB", 16 },
                { 40 * MIB, 40 * MIB, 80, "40.0MiB of 40.0MiB", 33 },
                /* More than was promised. */
                { 80 * MIB, 40 * MIB, 80, "80.0MiB of 40.0MiB", 33 },
                { UINT64_MAX - 1, UINT64_MAX - 1, 80, " of ", 33 },
                { 400 * MIB, 400 * MIB, 1000, "400MiB of 400MiB", 160 },
                /* Nobody knows how much, or there is nothing. */
                { 5 * MIB, UINT64_MAX, 80, "5.0MiB", 0 },
                { 0, 0, 80, "0B of 0B", 0 },
                /* No room for a bar. */
                { 20 * MIB, 40 * MIB, 50, "20.0MiB of 40.0MiB", 0 },
                { 20 * MIB, 40 * MIB, 0, "20.0MiB of 40.0MiB", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *line = NULL;
                size_t filled = 0;

                cr_assert_eq(fetch_progress_format("sha256:0123456789abcdef", cases[i].done, cases[i].total,
                                                   cases[i].columns, &line), 0);
                cr_expect(startswith(line, "sha256:0123456789ab"), "%s", line);
                cr_expect(strstr(line, cases[i].says), "%zu: %s", i, line);
                cr_expect_null(strchr(line, '\n'));
                for (const char *p = line; *p; p++)
                        filled += *p == '=';
                if (cases[i].columns >= 80)
                        cr_expect_leq(strlen(line), cases[i].columns, "%s", line);
                cr_expect_eq(filled, cases[i].filled, "%zu: %zu, %s", i, filled, line);
        }
}

/* Half of it is half a bar, whatever the width. */
Test(fetch_progress, bars)
{
        for (size_t columns = 60; columns <= 160; columns += 10) {
                _cleanup_free_ char *half = NULL, *whole = NULL;
                size_t width, filled;

                cr_assert_eq(fetch_progress_format("x", 50, 100, columns, &half), 0);
                cr_assert_eq(fetch_progress_format("x", 100, 100, columns, &whole), 0);
                cr_expect_leq(strlen(whole), columns);
                if (!strchr(half, '['))
                        continue;
                width = (size_t) (strchr(half, ']') - strchr(half, '[')) - 1;
                filled = strspn(strchr(half, '[') + 1, "=");
                cr_expect_eq(filled, width / 2, "%s", half);
                cr_expect_eq(strspn(strchr(whole, '[') + 1, "="), width, "%s", whole);
        }
}
