/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json_visit.h>
#include <math.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "shared/json-table.h"

/* Text to json-c's objects and back, with what json-c is too lenient about refused beforehand. */

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

/* Whether the integer at p has a value we can hold: json-c would silently take the nearest it has instead. */
static bool integer_fits(const char *p, size_t n, bool negative)
{
        bool overflow = false;
        uint64_t v = 0;

        for (; n > 0 && *p >= '0' && *p <= '9'; p++, n--)
                overflow = overflow || __builtin_mul_overflow(v, 10, &v) ||
                           __builtin_add_overflow(v, (uint64_t) (*p - '0'), &v);
        if (n > 0 && strchr(".eE", *p))
                return true; /* a floating point number */

        return !overflow && (!negative || v <= (uint64_t) INT64_MAX + 1);
}

static bool number_begins(const char *data, size_t i)
{
        if (data[i] < '0' || data[i] > '9')
                return false;
        if (i > 0 && data[i - 1] == '-')
                return i < 2 || !strchr("eE", data[i - 2]);
        return i == 0 || !strchr("0123456789.eE+", data[i - 1]);
}

/* What json-c lets pass even when it is told to be strict: names and strings in single quotes, control characters in
 * strings, integers beyond 64 bits. And NUL, also escaped: C strings end at one, so inside a name or value it would
 * make us see less than a signature covers. */
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
                if (!string && number_begins(data, i) && !integer_fits(data + i, n - i, i > 0 && data[i - 1] == '-'))
                        return error_at(e, data, i, "number out of range");
                if (c == '"' && !escaped)
                        string = !string;
                escaped = string && !escaped && c == '\\';
        }
        return 0;
}

static int refuse_bad_utf8(const char *data, size_t n, JsonError *e)
{
        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_length(data + i, n - i);
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
