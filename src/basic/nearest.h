/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Which of the known words somebody meant who wrote another one. Starts with the word that was written; each known one
 * is offered in turn, and the first of the nearest stays. It is NULL as long as none is near enough to be worth a
 * question: at most one letter in three put in, left out, changed or swapped with the next. Upper and lower case are
 * the same. */
typedef struct Nearest {
        const char *written;
        const char *known; /* not owned */
        size_t distance;
} Nearest;

void nearest_offer(Nearest *n, const char *known);
