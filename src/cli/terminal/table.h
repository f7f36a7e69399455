/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "basic/strv.h"

/* Text in columns, each as wide as its widest cell, by libsmartcols. On a terminal there are colours, and rows are made
 * to fit; elsewhere cells are whole. */

#define TABLE_COLUMN(i) (1U << (i))

typedef struct Table {
        size_t n_columns;
        uint32_t flexible; /* TABLE_COLUMN()s that are cut where that makes rows fit into the terminal */
        uint32_t optional; /* TABLE_COLUMN()s that are left out on a terminal when they are empty */
        bool legend;       /* the first row is a heading; set by table_add_legend() */
        bool whole;        /* nothing is cut, even if rows are longer than the terminal is wide */
        struct libscols_table *rows;
} Table;

void table_done(Table *t);
/* Copies n_columns strings; NULL is an empty cell. -ENOMEM. */
int table_add_row(Table *t, const char *const *row);
int table_add_legend(Table *t, const char *const *row);
/* Colours a cell of the last row: "green", "red", … */
int table_color(Table *t, size_t column, const char *color);
int table_print(const Table *t, FILE *f);
