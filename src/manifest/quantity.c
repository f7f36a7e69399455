/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/string-util.h"
#include "manifest/ac-types.h"

/* Quantities of resources: digits, a decimal point, and a suffix or an exponent. Computed in 128-bit integers, in
 * billionths, since floating point would lose precision that the specification requires to be kept. */

typedef __int128 Wide;

#define NANO ((Wide) 1000000000)
/* More than 64 bits can hold, since "12E" is a valid quantity; small enough to compute with. */
#define QUANTITY_MAX ((Wide) INT64_MAX * NANO * 10)

static const struct {
        const char *suffix;
        int ten; /* times 10 to this power */
        int two; /* times 2 to this power */
} suffixes[] = {
        { "Ki", 0, 10 }, { "Mi", 0, 20 }, { "Gi", 0, 30 }, { "Ti", 0, 40 }, { "Pi", 0, 50 }, { "Ei", 0, 60 },
        { "n", -9, 0 },  { "u", -6, 0 },  { "m", -3, 0 },  { "", 0, 0 },    { "k", 3, 0 },   { "K", 3, 0 },
        { "M", 6, 0 },   { "G", 9, 0 },   { "T", 12, 0 },  { "P", 15, 0 },  { "E", 18, 0 },
};

/* "e-3", "E6": signed, at most three digits (more would always be out of range). */
static int parse_exponent(const char *s, int *ret)
{
        bool negative = *s == '-';
        int v = 0;

        if (*s == '-' || *s == '+')
                s++;
        if (!*s || !string_in_charset(s, DIGITS))
                return -EINVAL;
        for (; *s; s++)
                v = MIN(v * 10 + (*s - '0'), 999);

        *ret = negative ? -v : v;
        return 0;
}

static int parse_suffix(const char *s, int *ret_ten, int *ret_two)
{
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++)
                if (streq(s, suffixes[i].suffix)) {
                        *ret_ten = suffixes[i].ten;
                        *ret_two = suffixes[i].two;
                        return 0;
                }

        *ret_two = 0;
        return *s == 'e' || *s == 'E' ? parse_exponent(s + 1, ret_ten) : -EINVAL;
}

/* mantissa · 10^ten · 2^two, in billionths, rounded up. Dividing first as far as needed and multiplying last would
 * round twice, so the order is: powers of two, positive powers of ten, one division at the end. */
static int scale(Wide mantissa, int ten, int two, bool inexact, Wide *ret)
{
        Wide divisor = 1;

        if (mantissa == 0) {
                *ret = inexact;
                return 0;
        }

        if (two > 0 && __builtin_mul_overflow(mantissa, (Wide) 1 << two, &mantissa))
                return -ERANGE;
        for (ten += 9; ten > 0; ten--)
                if (__builtin_mul_overflow(mantissa, 10, &mantissa))
                        return -ERANGE;
        for (; ten < 0; ten++)
                if (__builtin_mul_overflow(divisor, 10, &divisor)) {
                        *ret = 1; /* smaller than the smallest value we keep */
                        return 0;
                }

        *ret = mantissa / divisor + (mantissa % divisor != 0 || inexact);
        return *ret > QUANTITY_MAX ? -ERANGE : 0;
}

int quantity_parse(const char *s, Quantity *ret)
{
        bool negative = *s == '-', any = false, point = false, inexact = false;
        int ten = 0, two = 0, fraction = 0, r;
        Wide mantissa = 0;

        if (*s == '-' || *s == '+')
                s++;

        for (; isdigit((unsigned char) *s) || (*s == '.' && !point); s++) {
                if (*s == '.') {
                        point = true;
                        continue;
                }
                any = true;
                if (point && fraction >= 18) {
                        /* 2^60 is below 10^19 and nine digits are kept: this far after the point, digits only
                         * matter for rounding. */
                        inexact = inexact || *s != '0';
                        continue;
                }
                if (mantissa > QUANTITY_MAX)
                        return -ERANGE;
                mantissa = mantissa * 10 + (*s - '0');
                fraction += point;
        }
        if (!any)
                return -EINVAL;

        r = parse_suffix(s, &ten, &two);
        if (r < 0)
                return r;
        r = scale(mantissa, ten - fraction, two, inexact, &ret->nano);
        if (r < 0)
                return r;

        if (negative)
                ret->nano = -ret->nano;
        return 0;
}

int quantity_from_json(json_object *o, Quantity *ret)
{
        _cleanup_free_ char *trimmed = NULL;
        const char *s;
        size_t n;

        if (!json_object_is_type(o, json_type_string) && !json_object_is_type(o, json_type_int) &&
            !json_object_is_type(o, json_type_double))
                return -EINVAL;

        s = json_object_get_string(o);
        s += strspn(s, " ");
        for (n = strlen(s); n > 0 && s[n - 1] == ' '; n--)
                ;
        trimmed = strndup(s, n);
        return trimmed ? quantity_parse(trimmed, ret) : -ENOMEM;
}

static int64_t divide_up(Wide v, Wide by)
{
        Wide q = v < 0 ? -((-v + by - 1) / by) : (v + by - 1) / by;

        return q > INT64_MAX ? INT64_MAX : q < INT64_MIN ? INT64_MIN : (int64_t) q;
}

int64_t quantity_units(Quantity q)
{
        return divide_up(q.nano, NANO);
}

int64_t quantity_milli(Quantity q)
{
        return divide_up(q.nano, NANO / 1000);
}
