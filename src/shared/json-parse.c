/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json_visit.h>
#include <math.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "shared/json-table.h"

/* Converts text to json-c's objects and back, and first rejects input that json-c is too lenient about. */

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

/* Whether we can hold the integer at p: json-c would silently use the nearest value instead. */
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

/* Whether the position is within a string, and directly after a backslash there. */
typedef struct Scan {
        bool string;
        bool escaped;
} Scan;

static void scan_step(Scan *s, char c)
{
        if (c == '"' && !s->escaped)
                s->string = !s->string;
        s->escaped = s->string && !s->escaped && c == '\\';
}

/* How many characters of a string follow that neither end it nor need a look. */
static size_t plain_length(const char *data, size_t n)
{
        size_t i = 0;

        while (i < n && (unsigned char) data[i] >= ' ' && data[i] != '"' && data[i] != '\\')
                i++;
        return i;
}

/* Input that json-c accepts even in strict mode: names and strings in single quotes, control characters in strings,
 * integers beyond 64 bits. Also NUL, even escaped: C strings end at a NUL, so with one inside a name or value we would
 * see less than a signature covers. */
static int refuse_lax(const char *data, size_t n, JsonError *e)
{
        Scan s = {};

        for (size_t i = 0; i < n; i++) {
                unsigned char c;

                if (s.string && !s.escaped)
                        i += plain_length(data + i, n - i);
                if (i == n)
                        break;
                c = (unsigned char) data[i];
                if (c == 0 || (s.escaped && n - i >= 5 && memcmp(data + i, "u0000", 5) == 0))
                        return error_at(e, data, i, "NUL character");
                if (s.string && c < ' ')
                        return error_at(e, data, i, "control character in a string");
                if (!s.string && c == '\'')
                        return error_at(e, data, i, "single quote");
                if (!s.string && number_begins(data, i) && !integer_fits(data + i, n - i, i > 0 && data[i - 1] == '-'))
                        return error_at(e, data, i, "number out of range");
                scan_step(&s, data[i]);
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

static bool is_ascii(const char *data, size_t n)
{
        uint64_t all = 0, word;
        size_t i = 0;

        for (; i + sizeof(word) <= n; i += sizeof(word)) {
                memcpy(&word, data + i, sizeof(word));
                all |= word;
        }
        for (; i < n; i++)
                all |= (unsigned char) data[i];
        return (all & 0x8080808080808080ULL) == 0;
}

/* json-c 0.18, in strict mode, takes all non-ASCII characters in strings for control characters; so it gets "\u00fc"
 * for a "ü". Only ASCII is valid after a backslash and outside of strings: there the text stays as it is. */
static size_t ascii_length(const Scan *s, size_t length)
{
        return length == 1 || !s->string || s->escaped ? length : length == 4 ? 12 : 6;
}

static char *put_escaped(char *p, const char *utf8, size_t length)
{
        uint32_t c = (unsigned char) utf8[0] & (0xffU >> (length + 1));

        for (size_t i = 1; i < length; i++)
                c = c << 6 | ((unsigned char) utf8[i] & 0x3fU);
        if (c > 0xffff) {
                p += sprintf(p, "\\u%04x", 0xd800 + ((c - 0x10000) >> 10));
                c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        return p + sprintf(p, "\\u%04x", c);
}

static char *to_ascii(const char *data, size_t n, size_t *ret_n)
{
        char *copy = malloc(n * 3 + 1), *p = copy;
        Scan s = {};

        for (size_t i = 0, length; copy && i < n; i += length) {
                length = utf8_length(data + i, n - i);
                p = ascii_length(&s, length) == length ? mempcpy(p, data + i, length)
                                                       : put_escaped(p, data + i, length);
                scan_step(&s, data[i]);
        }
        *ret_n = copy ? (size_t) (p - copy) : 0;
        return copy;
}

/* Converts an offset in the copy to the position in the text. */
static size_t original_offset(const char *data, size_t n, size_t offset)
{
        size_t in_copy = 0, i = 0;
        Scan s = {};

        for (; i < n; i += utf8_length(data + i, n - i)) {
                in_copy += ascii_length(&s, utf8_length(data + i, n - i));
                if (in_copy > offset)
                        break;
                scan_step(&s, data[i]);
        }
        return i;
}

/* NaN and Infinity are not valid JSON, but json-c accepts them. */
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
        _cleanup_free_ char *ascii = NULL;
        enum json_tokener_error error;
        bool not_finite = false;
        size_t n_ascii = 0;
        int r;

        if (n > JSON_MAX_SIZE)
                return json_error_set(e, -E2BIG, NULL, "longer than %u bytes", JSON_MAX_SIZE);
        r = refuse_lax(data, n, e);
        if (r < 0)
                return r;
        if (!is_ascii(data, n)) {
                r = refuse_bad_utf8(data, n, e);
                if (r < 0)
                        return r;
                ascii = to_ascii(data, n, &n_ascii);
                if (!ascii)
                        return -ENOMEM;
        }
        tokener = json_tokener_new_ex(JSON_MAX_DEPTH + 1);
        if (!tokener)
                return -ENOMEM;
        json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);

        o = json_tokener_parse_ex(tokener, ascii ?: data, (int) (ascii ? n_ascii : n));
        error = json_tokener_get_error(tokener);
        if (error == json_tokener_continue && n > 0) {
                /* A number could continue; a space ends it. */
                o = json_tokener_parse_ex(tokener, " ", 1);
                error = json_tokener_get_error(tokener);
                if (error == json_tokener_continue)
                        return error_at(e, data, n, "ends too early");
        } else if (n == 0)
                return error_at(e, data, 0, "nothing there");
        if (error != json_tokener_success)
                return error_at(e, data, original_offset(data, n, json_tokener_get_parse_end(tokener)),
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
        if (r == -EFBIG)
                return json_error_set(e, -E2BIG, NULL, "longer than %u bytes", JSON_MAX_SIZE);
        if (r < 0)
                return r;
        return json_parse_memory(data, n, ret, e);
}

/* json-c escapes what JSON demands. Terminals take more characters for commands, and they are in strings only, where
 * they can be escaped as well (RFC 8259, section 7). Each needs two bytes or more, or is DEL. */
static char *escape_controls(const char *text)
{
        size_t n = strlen(text), length;
        char *escaped = malloc(6 * n + 1), *to = escaped;
        unsigned c;

        for (size_t i = 0; escaped && i < n; i += length) {
                length = utf8_length(text + i, n - i) ?: 1;
                if ((unsigned char) text[i] >= 0x7f && utf8_is_control(text + i, length, &c))
                        to += sprintf(to, "\\u%04x", c);
                else
                        to = mempcpy(to, text + i, length);
        }
        if (escaped)
                *to = 0;
        return escaped;
}

static int format(json_object *o, int flags, const char *end, char **ret)
{
        const char *text = json_object_to_json_string_ext(o, flags | JSON_C_TO_STRING_NOSLASHESCAPE);
        _cleanup_free_ char *escaped = text ? escape_controls(text) : NULL;

        if (!escaped)
                return -ENOMEM;
        *ret = strjoin(escaped, end);
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
