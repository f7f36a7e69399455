/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <json-c/json.h>

#include "basic/strv.h"
#include "lib/test-mutate.h"

static const char *const values[] = { "null",     "\"\"",     "\"x\"",     "-1",        "1.5",
                                      "true",     "[]",       "[null]",    "[\"x\"]",   "[{}]",
                                      "[[null]]", "{}",       "{\"a\":null}", "{\"a\":{\"a\":null}}" };

typedef struct Walk {
        json_object *document;
        void (*see)(const char *text);
} Walk;

/* One place, "name" of an object or the index of an array. */
typedef struct Place {
        json_object *in;
        const char *name;
        size_t index;
} Place;

static void put(const Place *p, json_object *value)
{
        cr_assert_eq(p->name ? json_object_object_add(p->in, p->name, value)
                             : json_object_array_put_idx(p->in, p->index, value), 0);
}

static void walk(const Walk *w, json_object *value);

static void mutate(const Walk *w, const Place *p)
{
        json_object *own = json_object_get(p->name ? json_object_object_get(p->in, p->name)
                                                   : json_object_array_get_idx(p->in, p->index));

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
                put(p, json_tokener_parse(values[i]));
                w->see(json_object_to_json_string_ext(w->document, JSON_C_TO_STRING_NOSLASHESCAPE));
        }
        put(p, own);
        walk(w, own);
}

static void walk(const Walk *w, json_object *value)
{
        _cleanup_strv_free_ char **names = NULL;

        if (json_object_is_type(value, json_type_array))
                for (size_t i = 0; i < json_object_array_length(value); i++)
                        mutate(w, &(Place) { value, NULL, i });
        if (!json_object_is_type(value, json_type_object))
                return;
        json_object_object_foreach(value, member, ignored) {
                (void) ignored;
                cr_assert(strv_extend(&names, member) >= 0);
        }
        STRV_FOREACH(name, names)
                mutate(w, &(Place) { value, *name, 0 });
}

void each_mutation(const char *document, void (*see)(const char *text))
{
        json_object *o = json_tokener_parse(document);

        cr_assert(o, "%s", document);
        walk(&(Walk) { o, see }, o);
        (void) json_object_put(o);
}
