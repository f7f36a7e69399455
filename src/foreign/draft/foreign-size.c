/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <inttypes.h>

#include "basic/string-util.h"
#include "foreign/draft/foreign-size.h"

#define UNITS "kmgtp"

/* The power of 1024 of a unit; -EINVAL: it is none. */
static int parse_unit(const char *unit)
{
        const char *found;

        if (!*unit || strcasecmp(unit, "b") == 0)
                return 0;
        found = strchr(UNITS, tolower((unsigned char) *unit));
        unit++;
        if (!found || (*unit && strcasecmp(unit, "b") != 0 && strcasecmp(unit, "ib") != 0))
                return -EINVAL;
        return (int) (found - UNITS) + 1;
}

static int parse_bytes(const char *text, uint64_t *ret)
{
        size_t whole = strspn(text, DIGITS), n = whole;
        unsigned __int128 number = 0, scale = 1;
        int power;

        if (text[n] == '.')
                n += 1 + strspn(text + n + 1, DIGITS);
        if (whole == 0 || whole > 19 || n - whole > 10 || text[n - 1] == '.')
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                if (i != whole) {
                        number = number * 10 + (unsigned) (text[i] - '0');
                        scale *= i > whole ? 10 : 1;
                }
        power = parse_unit(text + n + (text[n] == ' '));
        if (power < 0)
                return power;
        if (__builtin_mul_overflow(number, (unsigned __int128) 1 << (10 * power), &number) ||
            number / scale > INT64_MAX)
                return -EINVAL;
        number /= scale;
        *ret = (uint64_t) number;
        return 0;
}

int foreign_size_parse(const char *text, char **ret)
{
        static const char *const suffixes[] = { "", "Ki", "Mi", "Gi", "Ti" };
        size_t i = 0;
        uint64_t n;
        int r = parse_bytes(text, &n);

        if (r < 0)
                return r;
        for (; n > 0 && n % 1024 == 0 && i + 1 < ELEMENTSOF(suffixes); i++)
                n /= 1024;
        *ret = strprintf("%" PRIu64 "%s", n, suffixes[i]);
        return *ret ? 0 : -ENOMEM;
}
