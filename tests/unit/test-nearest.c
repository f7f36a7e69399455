/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/nearest.h"
#include "basic/string-util.h"

static const char *nearest_of(const char *written)
{
        static const char *const known[] = { "volumes", "readOnlyRootFS", "name", "exec", "mounts", "mountPoints" };
        Nearest n = { .written = written };

        for (size_t i = 0; i < ELEMENTSOF(known); i++)
                nearest_offer(&n, known[i]);
        return n.known;
}

Test(nearest, words)
{
        static const char *const cases[][2] = {
                { "volums", "volumes" },         { "volume", "volumes" },      { "voluems", "volumes" },
                { "readOnlyRootFs", "readOnlyRootFS" }, { "readonlyrootfs", "readOnlyRootFS" },
                { "readOnlyRoot", "readOnlyRootFS" },   { "nmae", "name" },    { "mount", "mounts" },
                { "mountpoint", "mountPoints" }, { "exce", "exec" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect(streq_ptr(nearest_of(cases[i][0]), cases[i][1]), "%s: %s", cases[i][0],
                          strempty(nearest_of(cases[i][0])));
}

Test(nearest, none)
{
        static const char *const cases[] = { "", "x", "command", "ports", "environment" };
        char longest[300];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_null(nearest_of(cases[i]), "%s: %s", cases[i], strempty(nearest_of(cases[i])));
        memset(longest, 'a', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        cr_expect_null(nearest_of(longest));
}
