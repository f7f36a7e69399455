/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"

static inline void freep(void *p)
{
        free(*(void **) p);
}

#define _cleanup_free_ _cleanup_(freep)

#define new_array(t, n) ((t *) reallocarray(NULL, (n) ?: 1, sizeof(t)))
#define new0(t, n) ((t *) calloc((n) ?: 1, sizeof(t)))

static inline void *mfree(void *p)
{
        free(p);
        return NULL;
}

/* Replaces the string *p with a copy of s (which may be NULL). */
int free_and_strdup(char **p, const char *s);

/* Makes room for n_more further elements after the n of an array, doubling so that appending stays linear. */
int array_grow(void **array, size_t *n_allocated, size_t n, size_t n_more, size_t size);

#define ARRAY_GROW(array, allocated, n, more)                                                                  \
        array_grow((void **) &(array), &(allocated), (n), (more), sizeof((array)[0]))
