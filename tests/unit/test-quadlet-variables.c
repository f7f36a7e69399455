/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/quadlet/quadlet-variables.h"

static const char *file;

static int read_text(const char *path, char **ret, size_t *ret_size)
{
        if (!streq(path, "/vars"))
                return -ENOENT;
        *ret = strdup(file);
        *ret_size = strlen(file);
        return *ret ? 0 : -ENOMEM;
}

static void check(const char *service, const char *value, const char *expected, bool of_file)
{
        _cleanup_free_ char *text = strjoin("[Container]\nExec=", value, "\n[Service]\n", service);
        QuadletFile f = { .path = strdup("a@b.container"), .stem = strdup("a@b"), .suffix = strdup("container") };
        const QuadletEntry *e;

        cr_assert_eq(quadlet_file_parse(&f, "f", text, strlen(text), NULL), 0);
        cr_assert_eq(quadlet_variables_replace(&f, read_text), 0);
        e = quadlet_file_find(&f, "Container", "Exec");
        cr_expect_str_eq(e->value, expected, "%s with %s: %s", value, service, e->value);
        cr_expect_eq(e->of_file, of_file, "%s with %s", value, service);
        quadlet_file_done(&f);
}

Test(quadlet_variables, of_the_unit)
{
        static const char *const cases[][3] = {
                { "Environment=A=1 B=2", "x:${A}/${B}", "x:1/2" },
                { "Environment=A=1\nEnvironment=A=2", "${A}", "2" },
                { "Environment=A=1\nEnvironment=\nEnvironment=B=2", "${A} ${B}", "${A} 2" },
                { "Environment=\"A=b c\"", "-- $A", "-- b c" },
                { "Environment=\"A=b c\"", "${A}", "${A}" },
                { "Environment='A=b\"c'", "${A} $A", "${A} $A" },
                { "Environment=A=%i A%%=1 B=50%%", "${A}-${B}", "b-50%%" },
                { "Environment=A=$B B=1", "${A}", "$$B" },
                { "Environment=A=%H", "${A}", "${A}" },
                { "Environment=A=", "x${A}y", "xy" },
                { "Environment=A=", "x ${A} y", "x ${A} y" },
                { "Environment=A=", "x $A y", "x  y" },
                /* A variable is a word, or has braces; the rest is for shells. */
                { "Environment=A=1", "x$A $A:y \"$A\" $$A $${A} ${A", "x$A $A:y \"$A\" $$A $${A} ${A" },
                { "Environment=A=1", "${B} ${} ${A-x}", "${B} ${} ${A-x}" },
                { "ExecStartPre=/bin/true", "${A}", "${A}" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                check(cases[i][0], cases[i][1], cases[i][2], false);
}

Test(quadlet_variables, of_files)
{
        static const struct {
                const char *text, *value, *expected;
        } cases[] = {
                { "A=1\nB=2", "${A}${B}", "12" },
                { "# A=1\n;A=2\n\n  A = 3 \nnothing\n=4\n", "${A}", "${A}" },
                { "  A=x y  \n", "$A", "x y" },
                { "A=\"x\"\nB='y'\n", "${A}${B}", "xy" },
                { "A=a\\\nb\n", "${A}", "${A}" },
                { "A=\"open\n", "${A}", "${A}" },
                { "A=%H$x\n", "${A}", "%%H$$x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                file = cases[i].text;
                check("EnvironmentFile=/vars", cases[i].value, cases[i].expected,
                      !streq(cases[i].value, cases[i].expected));
        }
        /* A file wins, wherever it is named. */
        file = "A=1\n";
        check("EnvironmentFile=-/vars\nEnvironment=A=2 B=3", "${A} ${B}", "1 3", true);
        check("EnvironmentFile=/none\nEnvironmentFile=/%H\nEnvironment=A=2", "${A}", "2", false);
}
