/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <strings.h>

#include "basic/alloc.h"
#include "basic/parse.h"
#include "basic/string-util.h"

int parse_uint64(const char *s, uint64_t *ret)
{
        unsigned long long v;
        char *end;

        if (isempty(s) || !string_in_charset(s, DIGITS))
                return -EINVAL;

        errno = 0;
        v = strtoull(s, &end, 10);
        if (errno)
                return -ERANGE;

        *ret = v;
        return 0;
}

int parse_int64(const char *s, int64_t *ret)
{
        const char *digits = s && *s == '-' ? s + 1 : s;
        long long v;
        char *end;

        if (isempty(digits) || !string_in_charset(digits, DIGITS))
                return -EINVAL;

        errno = 0;
        v = strtoll(s, &end, 10);
        if (errno)
                return -ERANGE;

        *ret = v;
        return 0;
}

int parse_uint32(const char *s, uint32_t *ret)
{
        uint64_t v;
        int r;

        r = parse_uint64(s, &v);
        if (r < 0)
                return r;
        if (v > UINT32_MAX)
                return -ERANGE;

        *ret = (uint32_t) v;
        return 0;
}

int parse_mode(const char *s, unsigned *ret)
{
        unsigned long v;

        if (isempty(s) || !string_in_charset(s, "01234567"))
                return -EINVAL;

        errno = 0;
        v = strtoul(s, NULL, 8);
        if (errno || v > 07777)
                return -ERANGE;

        *ret = (unsigned) v;
        return 0;
}

int parse_boolean(const char *s)
{
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off" };

        for (size_t i = 0; s && i < ELEMENTSOF(yes); i++) {
                if (strcasecmp(s, yes[i]) == 0)
                        return true;
                if (strcasecmp(s, no[i]) == 0)
                        return false;
        }
        return -EINVAL;
}

int parse_duration(const char *s, uint64_t *ret_usec)
{
        static const struct {
                const char *suffix;
                uint64_t usec;
        } units[] = {
                { "us", 1 },        { "ms", 1000 },       { "min", 60000000 },   { "s", 1000000 },
                { "m", 60000000 },  { "h", 3600000000 },  { "d", 86400000000 },  { "", 1000000 },
        };
        uint64_t total = 0;

        if (isempty(s))
                return -EINVAL;

        while (*s) {
                uint64_t number = 0;

                if (!isdigit((unsigned char) *s))
                        return -EINVAL;
                for (; isdigit((unsigned char) *s); s++)
                        if (__builtin_mul_overflow(number, 10, &number) ||
                            __builtin_add_overflow(number, (uint64_t) (*s - '0'), &number))
                                return -ERANGE;

                for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                        const char *rest = startswith(s, units[i].suffix);
                        if (!rest)
                                continue;
                        if (!*units[i].suffix && *rest)
                                return -EINVAL;
                        if (__builtin_mul_overflow(number, units[i].usec, &number) ||
                            __builtin_add_overflow(total, number, &total))
                                return -ERANGE;
                        s = rest;
                        break;
                }
        }

        *ret_usec = total;
        return 0;
}

int parse_size(const char *s, uint64_t *ret)
{
        static const char units[] = "KMGTPE";
        size_t n = strspn(s, DIGITS);
        _cleanup_free_ char *number = strndup(s, n);
        const char *rest = s + n, *unit = *rest ? strchr(units, *rest) : NULL;
        uint64_t v;
        int r;

        if (!number)
                return -ENOMEM;
        if (streq(s, "infinity")) {
                *ret = UINT64_MAX;
                return 0;
        }
        r = parse_uint64(number, &v);
        if (r < 0)
                return r;
        if (*rest && (!unit || (rest[1] && !streq(rest + 1, "i") && !streq(rest + 1, "iB"))))
                return -EINVAL;
        for (ptrdiff_t i = unit ? unit - units + 1 : 0; i > 0; i--)
                if (__builtin_mul_overflow(v, 1024, &v))
                        return -ERANGE;
        *ret = v;
        return 0;
}

static const struct {
        const char *names[5];
        uint64_t usec;
} span_units[] = {
        { { "us", "usec" }, 1 },
        { { "ms", "msec" }, 1000 },
        { { "s", "sec", "second", "seconds", "" }, UINT64_C(1000000) },
        { { "m", "min", "minute", "minutes" }, UINT64_C(60000000) },
        { { "h", "hr", "hour", "hours" }, UINT64_C(3600000000) },
        { { "d", "day", "days" }, UINT64_C(86400000000) },
        { { "w", "week", "weeks" }, UINT64_C(604800000000) },
        { { "M", "month", "months" }, UINT64_C(2629800000000) },
        { { "y", "year", "years" }, UINT64_C(31557600000000) },
};

/* The unit at the beginning of the text, and where it ends; 0: there is none. */
static uint64_t span_unit(const char *word, size_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(span_units); i++)
                for (size_t k = 0; k < ELEMENTSOF(span_units[i].names) && span_units[i].names[k]; k++)
                        if (strlen(span_units[i].names[k]) == n && strncmp(span_units[i].names[k], word, n) == 0)
                                return span_units[i].usec;
        return 0;
}

/* The digits after the decimal point. */
static int add_fraction(const char *p, uint64_t unit, uint64_t *usec)
{
        if (strspn(p, DIGITS) == 0)
                return -EINVAL;
        for (; *p && strchr(DIGITS, *p); p++) {
                unit /= 10;
                if (__builtin_add_overflow(*usec, unit * (uint64_t) (*p - '0'), usec))
                        return -ERANGE;
        }
        return 0;
}

int parse_time_span(const char *s, uint64_t *ret_usec)
{
        uint64_t total = 0;
        const char *p = s + strspn(s, " ");

        if (streq(p, "infinity")) {
                *ret_usec = UINT64_MAX;
                return 0;
        }
        if (!*p)
                return -EINVAL;
        while (*p) {
                size_t digits = strspn(p, DIGITS), letters;
                _cleanup_free_ char *number = strndup(p, digits);
                const char *fraction = p[digits] == '.' ? p + digits + 1 : NULL, *word;
                uint64_t value = 0, part, unit;
                int r = number ? digits > 0 ? parse_uint64(number, &value) : -EINVAL : -ENOMEM;

                if (r < 0)
                        return r;
                word = fraction ? fraction + strspn(fraction, DIGITS) : p + digits;
                word += strspn(word, " ");
                letters = strspn(word, LOWERCASE UPPERCASE);
                unit = span_unit(word, letters);
                if (unit == 0 || __builtin_mul_overflow(value, unit, &part))
                        return unit == 0 ? -EINVAL : -ERANGE;
                r = fraction ? add_fraction(fraction, unit, &part) : 0;
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(total, part, &total))
                        return -ERANGE;
                p = word + letters;
                p += strspn(p, " ");
        }
        *ret_usec = total;
        return total == UINT64_MAX ? -ERANGE : 0;
}
