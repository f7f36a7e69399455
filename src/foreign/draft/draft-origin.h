/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Where in somebody's file the options of a pod and its apps were said: podctl's own rules for them are told of that
 * place. */

typedef struct DraftOrigin {
        char *word;   /* "--user-label=a=b" */
        char *file;
        size_t line;  /* 0: the whole file */
        char *member; /* or key */
} DraftOrigin;

typedef struct DraftOrigins {
        DraftOrigin *items;
        size_t n, allocated;
} DraftOrigins;

void draft_origins_done(DraftOrigins *o);

/* For the words of a list from the first on; before: what they have before them as options, or "". Returns 0 or
 * -ENOMEM. */
int draft_origins_add(DraftOrigins *o, const char *before, char *const *words, size_t first, const char *file,
                      size_t line, const char *member);

/* NULL: it was not said, but made of several. */
const DraftOrigin *draft_origins_find(const DraftOrigins *o, const char *word);
/* One of those that were said there. */
const DraftOrigin *draft_origins_find_place(const DraftOrigins *o, const char *member, size_t line);
