/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/nearest.h"
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "shared/json-table.h"

/* Errors */

void json_error_clear(JsonError *e)
{
        e->message = mfree(e->message);
        e->has_path = false;
        e->n_path = 0;
        for (size_t i = 0; i < e->n_more; i++)
                free(e->more[i].text);
        e->more = mfree(e->more);
        e->n_more = e->allocated_more = 0;
        e->own = strv_free(e->own);
        e->passed_over = strv_free(e->passed_over);
}

/* Takes text, also on failure. */
static int more_add(JsonError *e, char *text, size_t n_path)
{
        if (!text || ARRAY_GROW(e->more, e->allocated_more, e->n_more, 1) < 0) {
                free(text);
                return -ENOMEM;
        }
        e->more[e->n_more++] = (JsonMistake) { text, n_path };
        return 0;
}

int json_error_set(JsonError *e, int r, const char *member, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        if (!e || e->message)
                return r;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        if (!text)
                return -ENOMEM;

        e->message = member ? strjoin(member, ": ", text) : TAKE_PTR(text);
        e->has_path = member;
        e->n_path = member ? strlen(member) : 0;
        return r;
}

/* Anything below "a" is "a.b", "a[0]" or, when the message has no path yet, "a: text". */
static int text_prefix(char **text, bool has_path, size_t *n_path, const char *prefix)
{
        const char *between = !has_path ? ": " : (*text)[0] == '[' ? "" : ".";
        char *longer = strjoin(prefix, between, *text);

        if (!longer)
                return -ENOMEM;
        free(*text);
        *text = longer;
        *n_path = strlen(prefix) + (has_path ? strlen(between) + *n_path : 0);
        return 0;
}

/* From here on, messages about an object have a path. */
static int own_prefix(JsonError *e, const char *prefix)
{
        int k = 0;

        for (char **text = e->own; k >= 0 && text && *text; text++)
                k = more_add(e, strjoin(prefix, ": ", *text), strlen(prefix));
        e->own = strv_free(e->own);
        return k;
}

static int error_prefix(JsonError *e, int r, const char *prefix)
{
        size_t ignored = 0;
        int k = 0;

        if (!e || !prefix)
                return r;

        for (size_t i = 0; k >= 0 && i < e->n_more; i++)
                k = text_prefix(&e->more[i].text, true, &e->more[i].n_path, prefix);
        for (char **path = e->passed_over; k >= 0 && path && *path; path++)
                k = text_prefix(path, true, &ignored, prefix);
        if (k >= 0)
                k = own_prefix(e, prefix);
        if (e->message) {
                k = k < 0 ? k : text_prefix(&e->message, e->has_path, &e->n_path, prefix);
                e->has_path = true;
        }
        return k < 0 ? k : r;
}

int json_error_below(JsonError *e, int r, const char *member)
{
        return error_prefix(e, r, member);
}

int json_error_below_index(JsonError *e, int r, const char *member, size_t index)
{
        _cleanup_free_ char *prefix = strprintf("%s[%zu]", strempty(member), index);

        return prefix ? error_prefix(e, r, prefix) : -ENOMEM;
}

JsonError json_error_part(const JsonError *e)
{
        return (JsonError) { .strict = json_error_is_strict(e) };
}

static int error_add(JsonError *e, char *message, bool has_path, size_t n_path)
{
        if (e->message)
                return has_path ? more_add(e, message, n_path) : strv_consume(&e->own, message);
        e->message = message;
        e->has_path = has_path;
        e->n_path = n_path;
        return 0;
}

int json_error_join(JsonError *e, JsonError *part, int r)
{
        int k = 0;

        if (e && part->message)
                k = error_add(e, TAKE_PTR(part->message), part->has_path, part->n_path);
        for (size_t i = 0; e && k >= 0 && i < part->n_more; i++)
                k = more_add(e, TAKE_PTR(part->more[i].text), part->more[i].n_path);
        if (e && k >= 0)
                k = strv_extend_strv(&e->own, part->own);
        if (e && k >= 0)
                k = strv_extend_strv(&e->passed_over, part->passed_over);
        json_error_clear(part);
        return k < 0 ? k : r;
}

int json_error_all(const JsonError *e, JsonMistake **ret, size_t *ret_n)
{
        JsonMistake *all = new0(JsonMistake, 1 + strv_length(e->own) + e->n_more);
        size_t n = 0;

        if (!all)
                return -ENOMEM;
        if (e->message)
                all[n++] = (JsonMistake) { e->message, e->n_path };
        STRV_FOREACH(text, e->own)
                all[n++] = (JsonMistake) { *text, 0 };
        for (size_t i = 0; i < e->n_more; i++)
                all[n++] = e->more[i];
        *ret = all;
        *ret_n = n;
        return 0;
}

const char *json_error_message(const JsonError *e, int r)
{
        return e && e->message ? e->message : strerror(abs(r));
}

int json_error_expected(JsonError *e, json_type wanted)
{
        static const char *const names[] = {
                [json_type_null] = "a value",   [json_type_boolean] = "true or false",
                [json_type_double] = "a number", [json_type_int] = "an integer",
                [json_type_object] = "an object", [json_type_array] = "an array",
                [json_type_string] = "a string",
        };

        return json_error_set(e, -EINVAL, NULL, "expected %s", names[wanted]);
}

/* Tables */

static void *member_of(void *p, const JsonField *field)
{
        return (char *) p + field->offset;
}

static const void *const_member_of(const void *p, const JsonField *field)
{
        return (const char *) p + field->offset;
}

json_object *json_member(json_object *o, const char *name, json_type type)
{
        json_object *value;

        return json_object_is_type(o, json_type_object) && json_object_object_get_ex(o, name, &value) &&
                               json_object_is_type(value, type)
                       ? value : NULL;
}

bool json_is_empty(json_object *o)
{
        switch (json_object_get_type(o)) {
        case json_type_null:
                return true;
        case json_type_string:
                return json_object_get_string_len(o) == 0;
        case json_type_array:
                return json_object_array_length(o) == 0;
        case json_type_object:
                return json_object_object_length(o) == 0;
        default:
                return false;
        }
}

static int field_read(const JsonField *field, json_object *o, void *p, JsonError *e)
{
        json_object *v = NULL;
        int r;

        if (!json_object_object_get_ex(o, field->name, &v) || !v)
                return field->flags & JSON_MANDATORY
                               ? json_error_set(e, -EINVAL, NULL, "missing member '%s'", field->name)
                               : 0;

        if (field->type->json != json_type_null && !json_object_is_type(v, field->type->json))
                r = json_error_expected(e, field->type->json);
        else if ((field->flags & JSON_NONEMPTY) && json_is_empty(v))
                r = json_error_set(e, -EINVAL, NULL, "must not be empty");
        else
                r = field->type->read(field->type, v, member_of(p, field), e);

        return json_error_below(e, r, field->name);
}

static const JsonField *field_find(const JsonField *table, const char *name)
{
        FOREACH_ROW(field, table)
                if (streq(field->name, name))
                        return field;
        return NULL;
}

/* A member without a row, for a strict reader. */
static int refuse_stranger(const JsonField *table, const char *name, JsonError *e)
{
        _cleanup_free_ char *printable = strdup(name);
        Nearest nearest = { .written = name };
        char *message;
        int r;

        if (!printable)
                return -ENOMEM;
        utf8_make_printable(printable);
        if (strpbrk(name, "./"))
                return strv_consume(&e->passed_over, TAKE_PTR(printable));

        FOREACH_ROW(field, table)
                nearest_offer(&nearest, field->name);
        message = nearest.known ? strprintf("%s: is not a known member; did you mean '%s'?", printable, nearest.known)
                                : strjoin(printable, ": is not a known member");
        if (!message)
                return -ENOMEM;
        r = error_add(e, message, true, strlen(printable));
        return r < 0 ? r : -EINVAL;
}

static int refuse_strangers(const JsonField *table, json_object *o, JsonError *e)
{
        int r = 0;

        if (!json_error_is_strict(e))
                return 0;
        json_object_object_foreach(o, name, value) {
                int k = field_find(table, name) ? 0 : refuse_stranger(table, name, e);

                (void) value;
                r = r < 0 ? r : k;
        }
        return r;
}

static int read_fields(const JsonField *table, json_object *o, void *p, JsonError *e)
{
        int r = 0;

        if (!json_object_is_type(o, json_type_object))
                return json_error_expected(e, json_type_object);

        FOREACH_ROW(field, table) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = json_error_join(e, &part, field_read(field, o, p, &part));

                r = r < 0 ? r : k;
                if (r < 0 && !json_error_is_strict(e))
                        return r;
        }
        return r;
}

/* The check expects all members to be read, but an unknown member does not prevent it from reporting more. */
static int table_read(const JsonField *table, JsonCheck check, json_object *o, void *p, JsonError *e)
{
        int r, k;

        r = read_fields(table, o, p, e);
        if (r >= 0 && check)
                r = check(p, o, e);
        k = json_object_is_type(o, json_type_object) ? refuse_strangers(table, o, e) : 0;
        return r < 0 ? r : k;
}

int json_table_read(const JsonField *table, json_object *o, void *p, JsonError *e)
{
        return table_read(table, NULL, o, p, e);
}

static json_object *empty_value(json_type type)
{
        switch (type) {
        case json_type_array:
                return json_object_new_array();
        case json_type_object:
                return json_object_new_object();
        case json_type_int:
                return json_object_new_int64(0);
        case json_type_boolean:
                return json_object_new_boolean(false);
        default:
                return json_object_new_string("");
        }
}

static int table_write(const JsonField *table, const void *p, bool mandatory, json_object **ret)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();

        if (!o)
                return -ENOMEM;

        FOREACH_ROW(field, table) {
                _cleanup_json_object_ json_object *v = NULL;
                int r;

                r = field->type->write(field->type, const_member_of(p, field), &v);
                if (r < 0)
                        return r;
                if (!v && mandatory && (field->flags & JSON_MANDATORY)) {
                        v = empty_value(field->type->json);
                        if (!v)
                                return -ENOMEM;
                }
                if (!v)
                        continue;
                if (json_object_object_add(o, field->name, v) < 0)
                        return -ENOMEM;
                TAKE_PTR(v);
        }

        *ret = TAKE_PTR(o);
        return 0;
}

int json_table_write(const JsonField *table, const void *p, json_object **ret)
{
        return table_write(table, p, true, ret);
}

void json_table_free(const JsonField *table, void *p)
{
        FOREACH_ROW(field, table)
                if (field->type->free)
                        field->type->free(field->type, member_of(p, field));
}

static int struct_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return table_read(type->table, type->check, o, p, e);
}

int json_table_copy(const JsonType *type, const void *from, void *to)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_table_write(type->table, from, &o);
        if (r < 0)
                return r;
        return struct_read(type, o, to, NULL);
}

/* Types made from tables */

int json_struct_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return struct_read(type, o, p, e);
}

int json_struct_write(const JsonType *type, const void *p, json_object **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        /* It contains only what would always be written: then the member itself was absent. */
        r = table_write(type->table, p, false, &o);
        if (r < 0)
                return r;
        return json_object_object_length(o) > 0 ? json_table_write(type->table, p, ret) : 0;
}

void json_struct_free(const JsonType *type, void *p)
{
        json_table_free(type->table, p);
}

int json_pointer_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return json_document_read(type, o, p, e);
}

int json_pointer_write(const JsonType *type, const void *p, json_object **ret)
{
        const void *target = *(const void *const *) p;

        return target ? json_table_write(type->table, target, ret) : 0;
}

void json_pointer_free(const JsonType *type, void *p)
{
        *(void **) p = json_document_free(type, *(void **) p);
}

/* The two adjacent struct members that every list has. */
typedef struct List {
        void *items;
        size_t n;
} List;

int json_array_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        size_t n = json_object_array_length(o);
        List *list = p;
        int r = 0;

        if (n == 0)
                return 0;

        list->items = calloc(n, type->size);
        if (!list->items)
                return -ENOMEM;

        for (; list->n < n; ) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                size_t i = list->n++;
                int k = struct_read(type, json_object_array_get_idx(o, i), (char *) list->items + i * type->size,
                                    &part);

                k = json_error_join(e, &part, json_error_below_index(&part, k, NULL, i));
                r = r < 0 ? r : k;
                if (r < 0 && !json_error_is_strict(e))
                        return r;
        }
        return r;
}

int json_array_write(const JsonType *type, const void *p, json_object **ret)
{
        _cleanup_json_object_ json_object *array = NULL;
        const List *list = p;

        if (list->n == 0)
                return 0;

        array = json_object_new_array();
        if (!array)
                return -ENOMEM;

        for (size_t i = 0; i < list->n; i++) {
                json_object *o = NULL;
                int r;

                r = json_table_write(type->table, (const char *) list->items + i * type->size, &o);
                if (r < 0)
                        return r;
                if (json_object_array_add(array, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        *ret = TAKE_PTR(array);
        return 0;
}

void json_array_free(const JsonType *type, void *p)
{
        List *list = p;

        for (size_t i = 0; i < list->n; i++)
                json_table_free(type->table, (char *) list->items + i * type->size);
        free(list->items);
        *list = (List) {};
}

int json_document_read(const JsonType *type, json_object *o, void **ret, JsonError *e)
{
        void *p = calloc(1, type->size);
        int r;

        if (!p)
                return -ENOMEM;

        r = struct_read(type, o, p, e);
        if (r < 0) {
                json_document_free(type, p);
                return r;
        }

        *ret = p;
        return 0;
}

int json_document_parse(const JsonType *type, const char *data, size_t n, void **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_memory(data, n, &o, e);
        if (r < 0)
                return r;
        return json_document_read(type, o, ret, e);
}

void *json_document_free(const JsonType *type, void *p)
{
        if (p)
                json_table_free(type->table, p);
        return mfree(p);
}
