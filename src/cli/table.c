/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/table.h"

void table_done(Table *t)
{
        t->cells = strv_free(t->cells);
}

int table_add_row(Table *t, const char *const *row)
{
        for (size_t i = 0; i < t->n_columns; i++) {
                int r = strv_extend(&t->cells, strempty(row[i]));
                if (r < 0)
                        return r;
        }
        return 0;
}

static size_t column_width(const Table *t, size_t column)
{
        size_t width = 0, n = strv_length(t->cells);

        for (size_t i = column; i < n; i += t->n_columns)
                width = MAX(width, strlen(t->cells[i]));
        return width;
}

void table_print(const Table *t, FILE *f)
{
        _cleanup_free_ size_t *widths = new0(size_t, t->n_columns);
        size_t n = strv_length(t->cells);

        for (size_t i = 0; widths && i < t->n_columns; i++)
                widths[i] = column_width(t, i);

        for (size_t i = 0; widths && i < n; i++) {
                bool last = i % t->n_columns == t->n_columns - 1;

                (void) fprintf(f, "%-*s%s", last ? 0 : (int) widths[i % t->n_columns], t->cells[i], last ? "\n" : "  ");
        }
}
