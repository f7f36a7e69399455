/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libsmartcols.h>
#include <stdlib.h>
#include <unistd.h>

#include "basic/utf8.h"
#include "cli/persona.h"
#include "cli/terminal/table.h"

#define SEPARATOR "  "

/* The least width of a flexible column: cut to less, it says nothing. */
#define FLEXIBLE_MIN 12U

void table_done(Table *t)
{
        scols_unref_table(t->rows);
        t->rows = NULL;
}

static int begin(Table *t)
{
        t->rows = scols_new_table();
        if (!t->rows || scols_table_set_column_separator(t->rows, SEPARATOR) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_columns; i++)
                if (!scols_table_new_column(t->rows, NULL, 0, t->flexible & TABLE_COLUMN(i) ? SCOLS_FL_TRUNC : 0))
                        return -ENOMEM;
        return 0;
}

int table_add_row(Table *t, const char *const *row)
{
        struct libscols_line *line;
        int r;

        r = t->rows ? 0 : begin(t);
        if (r < 0)
                return r;
        line = scols_table_new_line(t->rows, NULL);
        if (!line)
                return -ENOMEM;
        for (size_t i = 0; i < t->n_columns; i++)
                if (scols_line_set_data(line, i, strempty(row[i])) < 0)
                        return -ENOMEM;
        return 0;
}

int table_color(Table *t, size_t column, const char *color)
{
        struct libscols_line *last = scols_table_get_line(t->rows, scols_table_get_nlines(t->rows) - 1);

        return scols_cell_set_color(scols_line_get_cell(last, column), color) < 0 ? -ENOMEM : 0;
}

/* A row like the others: libsmartcols prints no heading if there are no rows below it, and scripts expect one. */
int table_add_legend(Table *t, const char *const *row)
{
        int r;

        t->legend = true;
        r = table_add_row(t, row);
        for (size_t i = 0; i < t->n_columns && r >= 0; i++)
                r = table_color(t, i, "bold");
        return r;
}

/* rkt's tables, where they do not go to a terminal: scripts cut these at tabs. */
static void print_with_tabs(const Table *t, FILE *f)
{
        for (size_t n = 0; n < scols_table_get_nlines(t->rows); n++) {
                struct libscols_line *line = scols_table_get_line(t->rows, n);

                for (size_t i = 0; i < t->n_columns; i++)
                        (void) fprintf(f, "%s%s", scols_cell_get_data(scols_line_get_cell(line, i)),
                                       i + 1 < t->n_columns ? "\t" : "\n");
        }
}

static bool is_empty(const Table *t, size_t column)
{
        for (size_t n = t->legend; n < scols_table_get_nlines(t->rows); n++)
                if (*scols_cell_get_data(scols_line_get_cell(scols_table_get_line(t->rows, n), column)))
                        return false;
        return true;
}

static int hide_empty_columns(const Table *t)
{
        for (size_t i = 0; i < t->n_columns; i++) {
                struct libscols_column *c = scols_table_get_column(t->rows, i);

                if ((t->optional & TABLE_COLUMN(i)) && is_empty(t, i) &&
                    scols_column_set_flags(c, scols_column_get_flags(c) | SCOLS_FL_HIDDEN) < 0)
                        return -EINVAL;
        }
        return 0;
}

static bool is_hidden(const Table *t, size_t column)
{
        return scols_column_get_flags(scols_table_get_column(t->rows, column)) & SCOLS_FL_HIDDEN;
}

static size_t column_width(const Table *t, size_t column)
{
        size_t width = 0;

        for (size_t n = 0; n < scols_table_get_nlines(t->rows); n++) {
                struct libscols_cell *cell = scols_line_get_cell(scols_table_get_line(t->rows, n), column);

                width = MAX(width, utf8_columns(scols_cell_get_data(cell)));
        }
        return width;
}

/* Whether the rows can be made to fit into the terminal with something left to read of the flexible columns. If the
 * other columns alone are too wide, rows are longer than the terminal in any case. */
static bool can_fit(const Table *t)
{
        size_t needed = 0;

        for (size_t i = 0; i < t->n_columns; i++) {
                size_t width = column_width(t, i);

                if (is_hidden(t, i))
                        continue;
                needed += strlen(SEPARATOR) + (t->flexible & TABLE_COLUMN(i) ? MIN(width, FLEXIBLE_MIN) : width);
        }
        return needed <= scols_table_get_termwidth(t->rows) + strlen(SEPARATOR);
}

static void keep_readable(const Table *t)
{
        for (size_t i = 0; i < t->n_columns; i++)
                if (t->flexible & TABLE_COLUMN(i))
                        (void) scols_column_set_whint(scols_table_get_column(t->rows, i),
                                                      (double) MIN(column_width(t, i), FLEXIBLE_MIN));
}

static bool wants_colors(void)
{
        const char *none = getenv("NO_COLOR"), *terminal = getenv("TERM");

        return !(none && *none) && terminal && !streq(terminal, "dumb");
}

int table_print(const Table *t, FILE *f)
{
        bool terminal = isatty(fileno(f));
        bool fits;

        if (!t->rows)
                return 0;
        if (!terminal && persona_is_rkt()) {
                print_with_tabs(t, f);
                return 0;
        }
        if (terminal && hide_empty_columns(t) < 0)
                return -EINVAL;
        fits = terminal && !t->whole && can_fit(t);
        if (fits)
                keep_readable(t);
        if (scols_table_set_stream(t->rows, f) < 0 || scols_table_enable_noheadings(t->rows, 1) < 0 ||
            scols_table_enable_colors(t->rows, terminal && wants_colors()) < 0 ||
            scols_table_set_termforce(t->rows, fits ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER) < 0)
                return -EINVAL;
        return scols_print_table(t->rows);
}
