/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "foreign/short/short-members.h"
#include "foreign/short/short-schema.h"

/* The fixed part of a shape's schema. Null is the same as leaving a member out. */
#define TEXT "{\"type\":[\"string\",\"number\",\"null\"]}"
#define TEXTS "\"type\":\"array\",\"items\":{\"type\":[\"string\",\"number\"]}"
#define LIST "{\"oneOf\":[" TEXT ",{" TEXTS "}]}"

static const char *const shapes[_SHORT_SHAPE_MAX] = {
        [SHORT_TEXT] = TEXT,
        [SHORT_BOOLEAN] = "{\"type\":[\"boolean\",\"null\"]}",
        [SHORT_LIST] = LIST,
        [SHORT_PAIRS] = "{\"oneOf\":[{\"type\":\"object\",\"additionalProperties\":"
                        "{\"type\":[\"string\",\"number\"]}}," TEXT ",{" TEXTS "}]}",
        [SHORT_VOLUMES] = LIST,
        [SHORT_TMPFS] = LIST,
        [SHORT_EXEC] = LIST,
        [SHORT_ARGUMENTS] = LIST,
        [SHORT_IMAGE] = "{\"type\":\"string\",\"minLength\":1}",
        [SHORT_NAME] = "{\"type\":\"string\",\"pattern\":\"^[a-z0-9]([a-z0-9-]*[a-z0-9])?$\"}",
        [SHORT_USER] = TEXT,
        [SHORT_APPS] = "{\"oneOf\":[{\"type\":\"object\",\"minProperties\":1,\"additionalProperties\":"
                       "{\"$ref\":\"#/$defs/app\"}},{\"type\":\"array\",\"minItems\":1,\"items\":"
                       "{\"$ref\":\"#/$defs/app\"}}]}",
        [SHORT_TABLE] = "{\"type\":\"object\",\"additionalProperties\":false}",
};

/* YAML's "no" and "off" are booleans. */
static bool is_boolean_word(const char *word)
{
        return streq(word, "no") || streq(word, "off") || streq(word, "yes") || streq(word, "on");
}

static json_object *choices_new(const char *choices)
{
        _cleanup_strv_free_ char **words = NULL;
        json_object *list = json_object_new_array();

        if (strv_split(choices, '|', &words) < 0)
                return list;
        STRV_FOREACH(word, words) {
                (void) json_object_array_add(list, json_object_new_string(*word));
                if (is_boolean_word(*word))
                        (void) json_object_array_add(list, json_object_new_boolean(streq(*word, "yes") ||
                                                                                   streq(*word, "on")));
        }
        (void) json_object_array_add(list, NULL);
        return list;
}

static void add_members(json_object *properties, const ShortMember *members);

static json_object *schema_of(const ShortMember *m)
{
        json_object *o = m->choices ? json_object_new_object() : json_tokener_parse(shapes[m->shape]);

        if (m->choices)
                (void) json_object_object_add(o, "enum", choices_new(m->choices));
        if (m->members) {
                json_object *properties = json_object_new_object();

                add_members(properties, m->members);
                (void) json_object_object_add(o, "properties", properties);
        }
        (void) json_object_object_add(o, "description", json_object_new_string(m->help));
        return o;
}

/* The first of two with one name counts, as for the reader. */
static void add_members(json_object *properties, const ShortMember *members)
{
        for (; members->name; members++)
                if (!json_object_object_get_ex(properties, members->name, NULL))
                        (void) json_object_object_add(properties, members->name, schema_of(members));
}

/* An object with these members and no others; required: NULL, or the name of one. */
static json_object *object_new(const ShortMember *const *tables, const char *without, const char *required)
{
        json_object *o = json_object_new_object(), *properties = json_object_new_object(),
                    *names = json_object_new_array();

        for (; *tables; tables++)
                add_members(properties, *tables);
        json_object_object_del(properties, without);
        (void) json_object_array_add(names, json_object_new_string(required));
        (void) json_object_object_add(o, "type", json_object_new_string("object"));
        (void) json_object_object_add(o, "required", names);
        (void) json_object_object_add(o, "additionalProperties", json_object_new_boolean(false));
        (void) json_object_object_add(o, "properties", properties);
        return o;
}

static json_object *one_of(json_object *a, json_object *b)
{
        json_object *list = json_object_new_array();

        (void) json_object_array_add(list, a);
        (void) json_object_array_add(list, b);
        return list;
}

json_object *short_schema_new(void)
{
        static const ShortMember *const of_app[] = { short_app_members, NULL };
        static const ShortMember *const of_one[] = { short_pod_members, short_app_members, NULL };
        static const ShortMember *const of_apps[] = { short_pod_members, NULL };
        json_object *schema = json_object_new_object(), *definitions = json_object_new_object(),
                    *app = json_object_new_object();

        (void) json_object_object_add(app, "oneOf", one_of(object_new(of_app, "", "image"),
                                                           json_tokener_parse(shapes[SHORT_IMAGE])));
        (void) json_object_object_add(definitions, "app", app);
        (void) json_object_object_add(schema, "$schema",
                                      json_object_new_string("https://json-schema.org/draft/2020-12/schema"));
        (void) json_object_object_add(schema, "title", json_object_new_string("A pod of podctl, in the short form"));
        (void) json_object_object_add(schema, "oneOf", one_of(object_new(of_one, "apps", "image"),
                                                              object_new(of_apps, "image", "apps")));
        (void) json_object_object_add(schema, "$defs", definitions);
        return schema;
}
