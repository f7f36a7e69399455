/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/string-util.h"

const char *startswith(const char *s, const char *prefix)
{
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

const char *endswith(const char *s, const char *suffix)
{
        size_t n = strlen(s), m = strlen(suffix);

        return n >= m && streq(s + n - m, suffix) ? s + n - m : NULL;
}

char *strjoin_real(const char *first, ...)
{
        size_t length = 0;
        char *joined, *end;
        va_list ap;

        va_start(ap, first);
        for (const char *s = first; s; s = va_arg(ap, const char *))
                length += strlen(s);
        va_end(ap);

        joined = end = malloc(length + 1);
        if (!joined)
                return NULL;

        va_start(ap, first);
        for (const char *s = first; s; s = va_arg(ap, const char *))
                end = stpcpy(end, s);
        va_end(ap);

        *end = 0;
        return joined;
}

char *strvprintf(const char *format, va_list ap)
{
        char *s;

        return vasprintf(&s, format, ap) < 0 ? NULL : s;
}

char *strprintf(const char *format, ...)
{
        char *s;
        va_list ap;

        va_start(ap, format);
        s = strvprintf(format, ap);
        va_end(ap);
        return s;
}

char *string_from_bytes(const void *data, size_t n)
{
        char *s = malloc(n + 1);

        if (!s)
                return NULL;
        if (n > 0)
                memcpy(s, data, n);
        s[n] = 0;
        return s;
}

int split_pair(const char *s, char separator, char **ret_left, char **ret_right)
{
        _cleanup_free_ char *left = NULL, *right = NULL;
        const char *p = strchr(s, separator);

        left = p ? strndup(s, p - s) : strdup(s);
        if (!left)
                return -ENOMEM;

        if (p) {
                right = strdup(p + 1);
                if (!right)
                        return -ENOMEM;
        }

        *ret_left = TAKE_PTR(left);
        *ret_right = TAKE_PTR(right);
        return 0;
}

bool string_is_ascii_printable(const char *s)
{
        for (; *s; s++)
                if (*s < ' ' || *s >= 127)
                        return false;
        return true;
}

/* Of three bytes in UTF-8: U+200E, U+200F, U+202A to U+202E and U+2066 to U+2069 (UAX #9), after which a terminal may
 * show what follows in another order. */
static bool turns_text(const unsigned char *p)
{
        return p[0] == 0xe2 && ((p[1] == 0x80 && ((p[2] | 1) == 0x8f || (p[2] >= 0xaa && p[2] <= 0xae))) ||
                                (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

/* In UTF-8, C2 followed by 80 to 9F is also a control character. */
void string_to_upper(char *s)
{
        for (; *s; s++)
                if (*s >= 'a' && *s <= 'z')
                        *s = (char) (*s - 'a' + 'A');
}

void string_make_plain(char *s)
{
        for (unsigned char *p = (unsigned char *) s; *p; p++)
                if (*p < ' ' || *p == 127)
                        *p = '?';
                else if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
                        p[0] = p[1] = '?';
                else if (turns_text(p))
                        p[0] = p[1] = p[2] = '?';
}

bool string_in_charset(const char *s, const char *allowed)
{
        return s[strspn(s, allowed)] == 0;
}

bool string_has_empty_part(const char *s, char separator)
{
        const char two[] = { separator, separator, 0 };
        size_t n = strlen(s);

        return n == 0 || s[0] == separator || s[n - 1] == separator || strstr(s, two);
}
