/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <yaml.h>

#include "basic/base64.h"
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "foreign/yaml/yaml-scalar.h"

/* YAML 1.1, with the words and numbers of the reader that Kubernetes' tools use (go-yaml 2). */

static const char *const nulls[] = { "", "~", "null", "Null", "NULL" };
static const char *const trues[] = { "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON" };
static const char *const falses[] = { "n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF" };

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (streq(text, words[i]))
                        return true;
        return false;
}

bool yaml_scalar_is_null(const char *text)
{
        return is_one_of(text, nulls, ELEMENTSOF(nulls));
}

static int wrap(json_object *o, json_object **ret)
{
        *ret = o;
        return o ? 0 : -ENOMEM;
}

static int read_null(const char *text, json_object **ret)
{
        *ret = NULL;
        return yaml_scalar_is_null(text) ? 0 : -EINVAL;
}

static int read_boolean(const char *text, json_object **ret)
{
        bool yes = is_one_of(text, trues, ELEMENTSOF(trues));

        if (!yes && !is_one_of(text, falses, ELEMENTSOF(falses)))
                return -EINVAL;
        return wrap(json_object_new_boolean(yes), ret);
}

/* A number may have '_' between its digits. */
static int strip_underscores(const char *text, char **ret)
{
        char *copy = strdup(text), *to = copy;

        for (const char *p = text; copy && *p; p++)
                if (*p != '_')
                        *to++ = *p;
        if (copy)
                *to = 0;
        *ret = copy;
        return copy ? 0 : -ENOMEM;
}

/* Digits of a base, given by 0x, 0b, 0o or a leading 0. -ERANGE: beyond 64 bits. */
static int read_integer(const char *text, json_object **ret)
{
        bool negative = *text == '-';
        const char *digits = text + (negative || *text == '+');
        static const char hex[] = "0123456789abcdef";
        uint64_t base = 10, value = 0;

        if (digits[0] == '0' && digits[1]) {
                const char *letter = strchr("xXbBoO", digits[1]);

                base = !letter ? 8 : strchr("xX", *letter) ? 16 : strchr("bB", *letter) ? 2 : 8;
                digits += letter ? 2 : 1;
        }
        if (!*digits)
                return -EINVAL;
        for (; *digits; digits++) {
                char lower = *digits >= 'A' && *digits <= 'F' ? (char) (*digits + 'a' - 'A') : *digits;
                const char *digit = strchr(hex, lower);

                if (!digit || (uint64_t) (digit - hex) >= base)
                        return -EINVAL;
                if (__builtin_mul_overflow(value, base, &value) ||
                    __builtin_add_overflow(value, (uint64_t) (digit - hex), &value))
                        return -ERANGE;
        }
        if (negative)
                return value > (uint64_t) INT64_MAX + 1 ? -ERANGE : wrap(json_object_new_int64((int64_t) -value), ret);
        return wrap(value > INT64_MAX ? json_object_new_uint64(value) : json_object_new_int64((int64_t) value), ret);
}

static const char *skip_digits(const char *p)
{
        return p + strspn(p, "0123456789");
}

static bool looks_like_float(const char *text)
{
        const char *begin = text + (*text == '-' || *text == '+'), *p = skip_digits(begin);
        bool digits = p > begin;

        if (*p == '.') {
                const char *fraction = p + 1;

                p = skip_digits(fraction);
                digits = digits || p > fraction;
        }
        if (digits && (*p == 'e' || *p == 'E')) {
                const char *exponent = p + 1 + (p[1] == '-' || p[1] == '+');

                p = skip_digits(exponent);
                digits = p > exponent;
        }
        return digits && !*p;
}

/* JSON has one kind of number: 1e3 and 8.0 are integers there. */
static int read_float(const char *text, json_object **ret)
{
        double value;

        if (!looks_like_float(text))
                return -EINVAL;
        value = strtod(text, NULL);
        if (!isfinite(value))
                return -ERANGE;
        if (fabs(value) < 9007199254740992.0 && value == floor(value))
                return wrap(json_object_new_int64((int64_t) value), ret);
        return wrap(json_object_new_double(value), ret);
}

static int read_number(const char *text, json_object **ret)
{
        _cleanup_free_ char *digits = NULL;
        int r = *text == '_' ? -EINVAL : strip_underscores(text, &digits);

        if (r < 0)
                return r;
        r = read_integer(digits, ret);
        return r == -EINVAL || r == -ERANGE ? read_float(digits, ret) : r;
}

static int read_string(const char *text, size_t n, json_object **ret)
{
        return wrap(json_object_new_string_len(text, (int) n), ret);
}

static int read_binary(const char *text, json_object **ret)
{
        _cleanup_free_ char *bytes = NULL;
        size_t n;
        int r = base64_decode_without(text, " \t\n", &bytes, &n);

        if (r < 0)
                return r;
        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_length(bytes + i, n - i);
                if (length == 0 || bytes[i] == 0)
                        return -EINVAL;
        }
        return read_string(bytes, n, ret);
}

static int read_plain(const char *text, size_t n, json_object **ret)
{
        int r = read_null(text, ret);

        if (r == -EINVAL)
                r = read_boolean(text, ret);
        if (r == -EINVAL)
                r = read_number(text, ret);
        return r == -EINVAL ? read_string(text, n, ret) : r;
}

int yaml_scalar(const char *text, size_t n, const char *tag, bool plain, json_object **ret)
{
        static const struct {
                const char *tag;
                int (*read)(const char *text, json_object **ret);
        } tags[] = {
                { YAML_NULL_TAG, read_null },   { YAML_BOOL_TAG, read_boolean }, { YAML_INT_TAG, read_number },
                { YAML_FLOAT_TAG, read_number }, { "tag:yaml.org,2002:binary", read_binary },
        };

        if (!tag)
                return plain ? read_plain(text, n, ret) : read_string(text, n, ret);
        if (streq(tag, "!") || streq(tag, YAML_STR_TAG) || streq(tag, YAML_TIMESTAMP_TAG))
                return read_string(text, n, ret);
        for (size_t i = 0; i < ELEMENTSOF(tags); i++)
                if (streq(tag, tags[i].tag))
                        return tags[i].read(text, ret);
        return -EOPNOTSUPP;
}
