/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Finds which of the known words the user meant when they wrote an unknown one. Start with the word that was written
 * and offer each known word in turn; the first of the nearest is kept. The result is NULL as long as no word is near
 * enough to suggest: at most one letter in three inserted, deleted, replaced or swapped with the next. Case is
 * ignored. */
typedef struct Nearest {
        const char *written;
        const char *known; /* not owned */
        size_t distance;
} Nearest;

void nearest_offer(Nearest *n, const char *known);
