/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/utf8.h"
#include "cli/persona.h"
#include "cli/terminal/table.h"

void table_done(Table *t)
{
        for (size_t i = 0; i < t->n_cells; i++)
                free(t->cells[i]);
        t->cells = mfree(t->cells);
        t->n_cells = t->room = 0;
}

int table_add_row(Table *t, const char *const *row)
{
        for (size_t i = 0; i < t->n_columns; i++) {
                int r = ARRAY_GROW(t->cells, t->room, t->n_cells, 1);

                if (r < 0)
                        return r;
                t->cells[t->n_cells] = strdup(strempty(row[i]));
                if (!t->cells[t->n_cells])
                        return -ENOMEM;
                t->n_cells++;
        }
        return 0;
}

static size_t column_width(const Table *t, size_t column)
{
        size_t width = 0;

        for (size_t i = column; i < t->n_cells; i += t->n_columns)
                width = MAX(width, utf8_columns(t->cells[i]));
        return width;
}

/* rkt's tables, where nobody looks at them: scripts cut these at tabs. */
static bool with_tabs(FILE *f)
{
        return persona_is_rkt() && !isatty(fileno(f));
}

void table_print(const Table *t, FILE *f)
{
        _cleanup_free_ size_t *widths = new0(size_t, t->n_columns);
        bool tabs = with_tabs(f);

        for (size_t i = 0; widths && i < t->n_columns; i++)
                widths[i] = column_width(t, i);

        for (size_t i = 0; widths && i < t->n_cells; i++) {
                bool last = i % t->n_columns == t->n_columns - 1;
                size_t fill = last || tabs ? 0 : widths[i % t->n_columns] - utf8_columns(t->cells[i]);

                (void) fprintf(f, "%s%*s%s", t->cells[i], (int) fill, "", last ? "\n" : tabs ? "\t" : "  ");
        }
}
