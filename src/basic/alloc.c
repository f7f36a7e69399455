/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"

int free_and_strdup(char **p, const char *s)
{
        char *copy = NULL;

        if (s) {
                copy = strdup(s);
                if (!copy)
                        return -ENOMEM;
        }

        free(*p);
        *p = copy;
        return 0;
}

int array_grow(void **array, size_t *n_allocated, size_t n, size_t n_more, size_t size)
{
        size_t need = n + n_more, room;
        void *grown;

        if (need <= *n_allocated)
                return 0;

        room = MAX(need, *n_allocated * 2);
        room = MAX(room, (size_t) 8);
        grown = reallocarray(*array, room, size);
        if (!grown)
                return -ENOMEM;

        *array = grown;
        *n_allocated = room;
        return 0;
}
