/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "basic/strv.h"
#include "foreign/draft/draft-origin.h"

static void origin_done(DraftOrigin *o)
{
        free(o->word);
        free(o->file);
        free(o->member);
}

void draft_origins_done(DraftOrigins *o)
{
        for (size_t i = 0; i < o->n; i++)
                origin_done(&o->items[i]);
        free(o->items);
        *o = (DraftOrigins) {};
}

static int add_one(DraftOrigins *o, char *word, const char *file, size_t line, const char *member)
{
        DraftOrigin added = { word, strdup(file), line, strdup(member) };

        if (!added.word || !added.file || !added.member || ARRAY_GROW(o->items, o->allocated, o->n, 1) < 0) {
                origin_done(&added);
                return -ENOMEM;
        }
        o->items[o->n++] = added;
        return 0;
}

int draft_origins_add(DraftOrigins *o, const char *before, char *const *words, size_t first, const char *file,
                      size_t line, const char *member)
{
        int r = 0;

        for (size_t i = first; r >= 0 && i < strv_length(words); i++)
                r = add_one(o, strjoin(before, words[i]), file, line, member);
        return r;
}

const DraftOrigin *draft_origins_find(const DraftOrigins *o, const char *word)
{
        for (size_t i = o->n; i-- > 0;)
                if (streq(o->items[i].word, word))
                        return &o->items[i];
        return NULL;
}

const DraftOrigin *draft_origins_find_place(const DraftOrigins *o, const char *member, size_t line)
{
        for (size_t i = 0; i < o->n; i++)
                if (o->items[i].line == line && streq(o->items[i].member, member))
                        return &o->items[i];
        return NULL;
}
