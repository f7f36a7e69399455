/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <locale.h>

#include "cli/persona.h"
#include "cli/terminal/table.h"

static const char *const legend[] = { "NAME", "WHAT", "LAST" };

static const char *const rows[][3] = {
        { "größe", "a", "x" },
        { "日本", "what would not fit into the columns of a terminal, if there were one here", "y" },
        { NULL, "b", NULL },
        { "cut", "", NULL },
};

static char *printed(bool with_rows)
{
        _cleanup_(table_done) Table t = { .n_columns = 3, .flexible = TABLE_COLUMN(1) };
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        cr_assert_eq(table_add_legend(&t, legend), 0);
        for (size_t i = 0; with_rows && i < ELEMENTSOF(rows); i++)
                cr_assert_eq(table_add_row(&t, rows[i]), 0);
        if (with_rows)
                cr_assert_eq(table_color(&t, 0, "red"), 0);
        cr_assert_eq(table_print(&t, f), 0);
        (void) fclose(f);
        return text;
}

static void set_up(void)
{
        (void) setlocale(LC_CTYPE, "C.UTF-8");
}

/* Scripts read this: columns by what is to be seen of them, two spaces between, none cut, nothing behind the last. */
Test(table, where_nobody_looks, .init = set_up)
{
        _cleanup_free_ char *text = printed(true);

        cr_expect_str_eq(text,
                         "NAME   WHAT                                                                       LAST\n"
                         "größe  a                                                                          x\n"
                         "日本   what would not fit into the columns of a terminal, if there were one here  y\n"
                         "       b                                                                          \n"
                         "cut                                                                               \n");
}

Test(table, legend_alone, .init = set_up)
{
        _cleanup_free_ char *text = printed(false);

        cr_expect_str_eq(text, "NAME  WHAT  LAST\n");
}

Test(table, of_rkt, .init = set_up)
{
        _cleanup_free_ char *text = NULL;

        persona_set("rkt");
        text = printed(true);
        cr_expect_str_eq(text,
                         "NAME\tWHAT\tLAST\n"
                         "größe\ta\tx\n"
                         "日本\twhat would not fit into the columns of a terminal, if there were one here\ty\n"
                         "\tb\t\n"
                         "cut\t\t\n");
}
