/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json_visit.h>
#include <math.h>
#include <stdarg.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "shared/json-table.h"

/* Errors */

void json_error_clear(JsonError *e)
{
        e->message = mfree(e->message);
        e->has_path = false;
}

int json_error_set(JsonError *e, int r, const char *member, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;
        int n;

        if (!e || e->message)
                return r;

        va_start(ap, format);
        n = vasprintf(&text, format, ap);
        va_end(ap);
        if (n < 0) {
                text = NULL;
                return -ENOMEM;
        }

        e->message = member ? strjoin(member, ": ", text) : TAKE_PTR(text);
        e->has_path = member;
        return r;
}

/* Whatever is below "a" is "a.b", "a[0]" or, when the message has no path yet, "a: text". */
static int error_prefix(JsonError *e, int r, const char *prefix)
{
        const char *between;
        char *longer;

        if (!e || !e->message || !prefix)
                return r;

        between = !e->has_path ? ": " : e->message[0] == '[' ? "" : ".";
        longer = strjoin(prefix, between, e->message);
        if (!longer)
                return -ENOMEM;

        free(e->message);
        e->message = longer;
        e->has_path = true;
        return r;
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

/* Parsing */

static int error_at(JsonError *e, const char *data, size_t offset, const char *what)
{
        size_t line = 1, column = 1;

        for (size_t i = 0; i < offset; i++, column++)
                if (data[i] == '\n') {
                        line++;
                        column = 0;
                }

        return json_error_set(e, -EBADMSG, NULL, "not valid JSON at line %zu, column %zu (offset %zu): %s", line,
                              column, offset, what);
}

/* What json-c lets pass even when it is told to be strict: names and strings in single quotes, control characters in
 * strings. And NUL, also escaped: C strings end at one, so inside a name or value it would make us see less than a
 * signature covers. */
static int refuse_lax(const char *data, size_t n, JsonError *e)
{
        bool string = false, escaped = false;

        for (size_t i = 0; i < n; i++) {
                unsigned char c = (unsigned char) data[i];

                if (c == 0 || (escaped && n - i >= 5 && memcmp(data + i, "u0000", 5) == 0))
                        return error_at(e, data, i, "NUL character");
                if (string && c < ' ')
                        return error_at(e, data, i, "control character in a string");
                if (!string && c == '\'')
                        return error_at(e, data, i, "single quote");
                if (c == '"' && !escaped)
                        string = !string;
                escaped = string && !escaped && c == '\\';
        }
        return 0;
}

/* How many bytes the character at p takes, 0 when it is none: too long a form, half a surrogate pair, beyond
 * U+10FFFF (RFC 3629, section 4). json-c looks at the first bits only. */
static size_t utf8_length(const unsigned char *p, size_t n)
{
        static const struct {
                unsigned char first, last;   /* of the leading byte */
                unsigned char low, high;     /* of the one behind it */
                unsigned char length;
        } forms[] = {
                { 0x00, 0x7f, 0x00, 0x00, 1 }, { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
                { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
                { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
        };

        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                if (p[0] < forms[i].first || p[0] > forms[i].last)
                        continue;
                if (forms[i].length == 1)
                        return 1;
                if (forms[i].length > n || p[1] < forms[i].low || p[1] > forms[i].high)
                        return 0;
                for (size_t k = 2; k < forms[i].length; k++)
                        if ((p[k] & 0xc0) != 0x80)
                                return 0;
                return forms[i].length;
        }
        return 0;
}

static int refuse_bad_utf8(const char *data, size_t n, JsonError *e)
{
        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_length((const unsigned char *) data + i, n - i);
                if (length == 0)
                        return error_at(e, data, i, "not UTF-8");
        }
        return 0;
}

/* NaN and Infinity are no JSON, but json-c takes them. */
static int refuse_not_a_number(json_object *o, int flags, json_object *parent, const char *key, size_t *index,
                               void *userdata)
{
        if (json_object_is_type(o, json_type_double) && !isfinite(json_object_get_double(o))) {
                *(bool *) userdata = true;
                return JSON_C_VISIT_RETURN_STOP;
        }
        return JSON_C_VISIT_RETURN_CONTINUE;
}

static void tokener_freep(json_tokener **t)
{
        if (*t)
                json_tokener_free(*t);
}

int json_parse_memory(const char *data, size_t n, json_object **ret, JsonError *e)
{
        _cleanup_(tokener_freep) json_tokener *tokener = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        enum json_tokener_error error;
        bool not_finite = false;
        int r;

        if (n > JSON_MAX_SIZE)
                return json_error_set(e, -E2BIG, NULL, "longer than %u bytes", JSON_MAX_SIZE);
        r = refuse_lax(data, n, e);
        if (r < 0)
                return r;
        r = refuse_bad_utf8(data, n, e);
        if (r < 0)
                return r;

        tokener = json_tokener_new_ex(JSON_MAX_DEPTH + 1);
        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);

        o = json_tokener_parse_ex(tokener, data, (int) n);
        error = json_tokener_get_error(tokener);
        if (error == json_tokener_continue && n > 0) {
                /* A number could go on; a space ends it. */
                o = json_tokener_parse_ex(tokener, " ", 1);
                error = json_tokener_get_error(tokener);
                if (error == json_tokener_continue)
                        return error_at(e, data, n, "ends too early");
        } else if (n == 0)
                return error_at(e, data, 0, "nothing there");
        if (error != json_tokener_success)
                return error_at(e, data, MIN(json_tokener_get_parse_end(tokener), n),
                                json_tokener_error_desc(error));

        (void) json_c_visit(o, 0, refuse_not_a_number, &not_finite);
        if (not_finite)
                return json_error_set(e, -EBADMSG, NULL, "not valid JSON: NaN or Infinity");

        *ret = TAKE_PTR(o);
        return 0;
}

int json_parse_file_at(int dir_fd, const char *path, json_object **ret, JsonError *e)
{
        _cleanup_free_ char *data = NULL;
        size_t n;
        int r;

        r = read_file_at(dir_fd, path, JSON_MAX_SIZE, &data, &n);
        if (r == -E2BIG)
                return json_error_set(e, r, NULL, "longer than %u bytes", JSON_MAX_SIZE);
        if (r < 0)
                return r;
        return json_parse_memory(data, n, ret, e);
}

static int format(json_object *o, int flags, const char *end, char **ret)
{
        const char *text = json_object_to_json_string_ext(o, flags | JSON_C_TO_STRING_NOSLASHESCAPE);

        if (!text)
                return -ENOMEM;
        *ret = strjoin(text, end);
        return *ret ? 0 : -ENOMEM;
}

int json_format_pretty(json_object *o, char **ret)
{
        return format(o, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED, "\n", ret);
}

int json_format_compact(json_object *o, char **ret)
{
        return format(o, JSON_C_TO_STRING_PLAIN, "", ret);
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

static bool value_is_empty(json_object *o)
{
        switch (json_object_get_type(o)) {
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
        else if ((field->flags & JSON_NONEMPTY) && value_is_empty(v))
                r = json_error_set(e, -EINVAL, NULL, "must not be empty");
        else
                r = field->type->read(field->type, v, member_of(p, field), e);

        return r < 0 ? json_error_below(e, r, field->name) : 0;
}

int json_table_read(const JsonField *table, json_object *o, void *p, JsonError *e)
{
        if (!json_object_is_type(o, json_type_object))
                return json_error_expected(e, json_type_object);

        FOREACH_ROW(field, table) {
                int r = field_read(field, o, p, e);
                if (r < 0)
                        return r;
        }
        return 0;
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
        int r;

        r = json_table_read(type->table, o, p, e);
        if (r < 0)
                return r;
        return type->check ? type->check(p, o, e) : 0;
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

        /* Nothing in it but what would have to be there: then it was not there itself. */
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

/* The two neighbouring members every list has. */
typedef struct List {
        void *items;
        size_t n;
} List;

int json_array_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        size_t n = json_object_array_length(o);
        List *list = p;

        if (n == 0)
                return 0;

        list->items = calloc(n, type->size);
        if (!list->items)
                return -ENOMEM;

        for (; list->n < n; ) {
                size_t i = list->n++;
                int r = struct_read(type, json_object_array_get_idx(o, i), (char *) list->items + i * type->size,
                                    e);
                if (r < 0)
                        return json_error_below_index(e, r, NULL, i);
        }
        return 0;
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
