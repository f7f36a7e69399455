/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "basic/macro.h"
#include "shared/json-locate.h"

/* Walks text that is known to be valid JSON, so it need not check closely; it only never reads beyond the end. */

typedef struct Walk {
        const char *p, *end;
} Walk;

static void skip_space(Walk *w)
{
        while (w->p < w->end && isspace((unsigned char) *w->p))
                w->p++;
}

static void skip_string(Walk *w)
{
        for (w->p++; w->p < w->end && *w->p != '"'; w->p++)
                if (*w->p == '\\')
                        w->p++;
        w->p++;
}

static void skip_value(Walk *w)
{
        size_t depth = 0;

        skip_space(w);
        do {
                if (w->p >= w->end)
                        return;
                if (*w->p == '"') {
                        skip_string(w);
                        continue;
                }
                if (strchr("{[", *w->p))
                        depth++;
                else if (strchr("}]", *w->p)) {
                        if (depth == 0)
                                return;
                        depth--;
                } else if (*w->p == ',' && depth == 0)
                        return;
                w->p++;
        } while (depth > 0 || (w->p < w->end && !strchr(",}]", *w->p)));
}

/* Moves to the beginning of the element's value. */
static bool enter_element(Walk *w, size_t index)
{
        skip_space(w);
        if (w->p >= w->end || *w->p != '[')
                return false;
        for (w->p++; index > 0; index--) {
                skip_value(w);
                if (w->p >= w->end || *w->p != ',')
                        return false;
                w->p++;
        }
        skip_space(w);
        return w->p < w->end && *w->p != ']';
}

/* Moves to the beginning of the member's name. */
static bool enter_member(Walk *w, const char *name, size_t n)
{
        skip_space(w);
        if (w->p >= w->end || *w->p != '{')
                return false;
        for (w->p++;; w->p++) {
                const char *begin;

                skip_space(w);
                begin = w->p;
                if (w->p >= w->end || *w->p != '"')
                        return false;
                skip_string(w);
                if ((size_t) (w->p - begin) == n + 2 && memcmp(begin + 1, name, n) == 0) {
                        w->p = begin;
                        return true;
                }
                skip_space(w);
                w->p++;
                skip_value(w);
                if (w->p >= w->end || *w->p != ',')
                        return false;
        }
}

static void skip_name(Walk *w)
{
        skip_string(w);
        skip_space(w);
        w->p++;
}

/* Names may contain the characters that end them in a path: the shortest name that exists is taken. */
static bool step_member(Walk *w, const char **path)
{
        const char *name = *path + (**path == '.');

        for (size_t n = strcspn(name, ".[: "); name[0]; n += strcspn(name + n + 1, ".[: ") + 1) {
                Walk into = *w;

                if (n > 0 && enter_member(&into, name, n)) {
                        *w = into;
                        *path = name + n;
                        return true;
                }
                if (!name[n])
                        break;
        }
        return false;
}

/* Follows one step of the path: false where the path ends, or leads to something that does not exist. */
static bool step(Walk *w, const char **path)
{
        size_t index;
        char *end;

        if (**path != '[')
                return step_member(w, path);
        index = strtoul(*path + 1, &end, 10);
        *path = end + (*end == ']');
        return enter_element(w, index);
}

/* NULL: not even the first member exists. */
static const char *find(const char *text, size_t n, const char *path)
{
        Walk w = { text, text + n };
        const char *found = NULL;

        skip_space(&w);
        while (*path && *path != ':' && *path != ' ' && step(&w, &path)) {
                found = w.p;
                if (*w.p == '"' && *path && (*path == '.' || *path == '['))
                        skip_name(&w);
        }
        return found;
}

JsonPlace json_place_of(const char *text, size_t n, const char *path)
{
        const char *found = find(text, n, path);
        JsonPlace place = { 1, 1 };

        if (!found)
                return (JsonPlace) {};
        for (const char *p = text; p < found && p < text + n; p++)
                if (*p == '\n')
                        place = (JsonPlace) { place.line + 1, 1 };
                else
                        place.column += (*p & 0xc0) != 0x80; /* not in the middle of a character */
        return place;
}

size_t json_line_of(const char *text, size_t n, const char *path)
{
        return json_place_of(text, n, path).line;
}
