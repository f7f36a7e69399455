/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/string-util.h"
#include "shared/json-error.h"

static void clear_mistakes(JsonError *e)
{
        e->message = mfree(e->message);
        e->has_path = false;
        e->n_path = 0;
        for (size_t i = 0; i < e->n_more; i++)
                free(e->more[i].text);
        e->more = mfree(e->more);
        e->n_more = e->allocated_more = 0;
        e->own = strv_free(e->own);
}

void json_error_clear(JsonError *e)
{
        clear_mistakes(e);
        e->passed_over = strv_free(e->passed_over);
        e->left_out = strv_free(e->left_out);
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

static _printf_(4, 0) int error_set(JsonError *e, int r, const char *member, const char *format, va_list ap)
{
        _cleanup_free_ char *text = NULL;

        if (!e || e->message)
                return r;

        text = strvprintf(format, ap);
        if (!text)
                return -ENOMEM;

        e->message = member ? strjoin(member, ": ", text) : TAKE_PTR(text);
        e->has_path = member;
        e->n_path = member ? strlen(member) : 0;
        return r;
}

int json_error_set(JsonError *e, int r, const char *member, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        r = error_set(e, r, member, format, ap);
        va_end(ap);
        return r;
}

int json_error_add(JsonError *e, int r, const char *member, const char *format, ...)
{
        _cleanup_json_error_ JsonError part = json_error_part(e);
        va_list ap;

        va_start(ap, format);
        r = error_set(json_error_is_strict(e) ? &part : e, r, member, format, ap);
        va_end(ap);
        return json_error_join(e, &part, r);
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

static int paths_prefix(char **paths, const char *prefix)
{
        size_t ignored = 0;
        int k = 0;

        for (char **path = paths; k >= 0 && path && *path; path++)
                k = text_prefix(path, true, &ignored, prefix);
        return k;
}

static int error_prefix(JsonError *e, int r, const char *prefix)
{
        int k = 0;

        if (!e || !prefix)
                return r;

        for (size_t i = 0; k >= 0 && i < e->n_more; i++)
                k = text_prefix(&e->more[i].text, true, &e->more[i].n_path, prefix);
        if (k >= 0)
                k = paths_prefix(e->passed_over, prefix);
        if (k >= 0)
                k = paths_prefix(e->left_out, prefix);
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
        return (JsonError) { .strict = json_error_is_strict(e), .rest = json_error_reads_rest(e) };
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
        if (e && k >= 0)
                k = strv_extend_strv(&e->left_out, part->left_out);
        json_error_clear(part);
        return k < 0 ? k : r;
}

/* What follows the path of something in it: "", ".b" or "[0]"; NULL: it is not in it. */
static const char *path_within(const char *path, const char *whole)
{
        const char *rest = startswith(path, whole);

        return rest && (!*rest || !*whole || *rest == '.' || *rest == '[') ? rest : NULL;
}

bool json_left_out_has(char *const *left_out, const char *path)
{
        STRV_FOREACH(out, left_out)
                if (path_within(path, *out))
                        return true;
        return false;
}

bool json_left_out_explains(char *const *left_out, const char *path)
{
        STRV_FOREACH(out, left_out) {
                const char *rest = path_within(*out, strempty(path));

                if (rest && !strpbrk(rest + strspn(rest, ".["), ".["))
                        return true;
        }
        return json_left_out_has(left_out, strempty(path));
}

bool json_left_out_in(char *const *left_out, const char *path)
{
        STRV_FOREACH(out, left_out)
                if (path_within(*out, path))
                        return true;
        return json_left_out_has(left_out, path);
}

/* The text is taken, unless it is dropped. */
static int add_unexplained(JsonError *e, char **text, bool has_path, size_t n_path, char *const *left_out)
{
        _cleanup_free_ char *path = has_path ? strndup(*text, n_path) : NULL;

        if (has_path && !path)
                return -ENOMEM;
        return json_left_out_explains(left_out, path) ? 0 : error_add(e, TAKE_PTR(*text), has_path, n_path);
}

int json_error_drop_explained(JsonError *e, char *const *left_out)
{
        _cleanup_json_error_ JsonError kept = json_error_part(e);
        int r = e->message ? add_unexplained(&kept, &e->message, e->has_path, e->n_path, left_out) : 0;

        for (size_t i = 0; r >= 0 && e->own && e->own[i]; i++) {
                _cleanup_free_ char *text = strdup(e->own[i]);

                r = text ? add_unexplained(&kept, &text, false, 0, left_out) : -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < e->n_more; i++)
                r = add_unexplained(&kept, &e->more[i].text, true, e->more[i].n_path, left_out);
        clear_mistakes(e);
        return json_error_join(e, &kept, r);
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
