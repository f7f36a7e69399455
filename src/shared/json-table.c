/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/nearest.h"
#include "basic/utf8.h"
#include "shared/json-table.h"

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
        _cleanup_json_error_ JsonError part = json_error_part(e);
        Nearest nearest = { .written = name };
        int r;

        if (!printable)
                return -ENOMEM;
        utf8_make_printable(printable);
        if (strpbrk(name, "./"))
                return strv_consume(&e->passed_over, TAKE_PTR(printable));

        FOREACH_ROW(field, table)
                nearest_offer(&nearest, field->name);
        r = nearest.known ? json_error_set(&part, -EINVAL, printable, "is not a known member; did you mean '%s'?",
                                           nearest.known)
                          : json_error_set(&part, -EINVAL, printable, "is not a known member");
        return json_error_join(e, &part, r);
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

/* Only an object's own check refused it: what is in it was read, and in a list it stays. */
#define RULE_BROKEN (-EBADE)

/* What must be there is what its type reads of an empty value, and so on within it; or zero. */
static int empty_field(const JsonField *field, void *p)
{
        _cleanup_json_error_ JsonError ignored = { .rest = true };
        _cleanup_json_object_ json_object *empty = empty_value(field->type->json);
        int r = empty ? 0 : -ENOMEM;

        if (field->type->free)
                field->type->free(field->type, member_of(p, field));
        if (r >= 0 && (field->flags & JSON_MANDATORY))
                r = field->type->read(field->type, empty, member_of(p, field), &ignored);
        return r;
}

static int leave_out(const JsonField *field, void *p, int why, JsonError *e)
{
        if (why != RULE_BROKEN && empty_field(field, p) == -ENOMEM)
                return -ENOMEM;
        return strv_extend(&e->left_out, field->name);
}

static int read_fields(const JsonField *table, json_object *o, void *p, JsonError *e)
{
        int r = 0;

        if (!json_object_is_type(o, json_type_object))
                return json_error_expected(e, json_type_object);

        FOREACH_ROW(field, table) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = json_error_join(e, &part, field_read(field, o, p, &part));

                if (k < 0 && k != -ENOMEM && json_error_reads_rest(e))
                        k = leave_out(field, p, k, e);
                r = r < 0 ? r : k;
                if (r < 0 && !json_error_is_strict(e))
                        return r;
        }
        return r;
}

/* What it says of a value of which something was left out may be the same mistake. */
static int check_rest(JsonCheck check, void *p, json_object *o, JsonError *e)
{
        _cleanup_json_error_ JsonError part = json_error_part(e);
        int r = check(p, o, &part), k = json_error_drop_explained(&part, e->left_out);

        r = json_error_join(e, &part, k < 0 ? k : r);
        return r < 0 && r != -ENOMEM ? RULE_BROKEN : r;
}

/* The check expects all members to be read, but an unknown member does not prevent it from reporting more. */
static int table_read(const JsonField *table, JsonCheck check, json_object *o, void *p, JsonError *e)
{
        int r, k;

        r = read_fields(table, o, p, e);
        if (r >= 0 && check)
                r = json_error_reads_rest(e) ? check_rest(check, p, o, e) : check(p, o, e);
        k = json_object_is_type(o, json_type_object) ? refuse_strangers(table, o, e) : 0;
        return r < 0 || (k != -ENOMEM && json_error_reads_rest(e)) ? r : k;
}

int json_table_read(const JsonField *table, json_object *o, void *p, JsonError *e)
{
        return table_read(table, NULL, o, p, e);
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
        memset(p, 0, type->size);
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

static int empty_element(const JsonType *type, void *p)
{
        _cleanup_json_error_ JsonError ignored = { .rest = true };
        _cleanup_json_object_ json_object *empty = json_object_new_object();
        int r = empty ? 0 : -ENOMEM;

        json_table_free(type->table, p);
        memset(p, 0, type->size);
        if (r >= 0)
                r = read_fields(type->table, empty, p, &ignored);
        return r;
}

/* The others keep their places. */
static int leave_out_element(const JsonType *type, size_t i, void *p, int why, JsonError *e)
{
        if (why != RULE_BROKEN && empty_element(type, p) == -ENOMEM)
                return -ENOMEM;
        return strv_extendf(&e->left_out, "[%zu]", i);
}

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
                void *item = (char *) list->items + i * type->size;
                int k = struct_read(type, json_object_array_get_idx(o, i), item, &part);

                k = json_error_join(e, &part, json_error_below_index(&part, k, NULL, i));
                if (k < 0 && k != -ENOMEM && json_error_reads_rest(e))
                        k = leave_out_element(type, i, item, k, e);
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

/* All mistakes are found by leaving each one out. */
static int read_strictly(const JsonType *type, json_object *o, void **ret, JsonError *e)
{
        void *p = NULL;
        int r = json_document_read_rest(type, o, &p, e);

        if (r < 0) {
                json_document_free(type, p);
                return r;
        }

        *ret = p;
        return 0;
}

int json_document_read(const JsonType *type, json_object *o, void **ret, JsonError *e)
{
        void *p;
        int r;

        if (json_error_is_strict(e) && !json_error_reads_rest(e))
                return read_strictly(type, o, ret, e);

        p = calloc(1, type->size);
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

/* What only the document's own check refused is there nevertheless. */
int json_document_read_rest(const JsonType *type, json_object *o, void **ret, JsonError *e)
{
        void *p = calloc(1, type->size);
        int r;

        if (!p)
                return -ENOMEM;

        e->strict = e->rest = true;
        r = struct_read(type, o, p, e);
        if (r == -ENOMEM || !json_object_is_type(o, json_type_object)) {
                json_document_free(type, p);
                return r;
        }

        *ret = p;
        return e->message ? -EINVAL : 0;
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
