/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "basic/strv.h"

/* Text in columns, each as wide as its widest cell. */

typedef struct Table {
        size_t n_columns;
        char **cells; /* row by row */
        size_t n_cells, room;
} Table;

void table_done(Table *t);
/* Copies n_columns strings; NULL is an empty cell. */
int table_add_row(Table *t, const char *const *row);
void table_print(const Table *t, FILE *f);
