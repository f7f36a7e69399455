/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <wchar.h>

#include "basic/utf8.h"

size_t utf8_length(const char *s, size_t n)
{
        const unsigned char *p = (const unsigned char *) s;
        static const struct {
                unsigned char first, last;   /* of the first byte */
                unsigned char low, high;     /* of the second byte */
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

size_t utf8_write(unsigned long character, char *to)
{
        static const unsigned char first[] = { 0x00, 0xc0, 0xe0, 0xf0 };
        size_t n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;

        if (character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff))
                return 0;
        for (size_t i = n; i-- > 1; character >>= 6)
                to[i] = (char) (0x80 | (character & 0x3f));
        to[0] = (char) (first[n - 1] | character);
        return n;
}

bool utf8_is_valid(const char *s)
{
        for (size_t left = strlen(s), n; left > 0; s += n, left -= n) {
                n = utf8_length(s, left);
                if (n == 0)
                        return false;
        }
        return true;
}

bool utf8_is_control(const char *s, size_t length, unsigned *ret)
{
        const unsigned char *u = (const unsigned char *) s;
        unsigned c = length == 1 ? u[0]
                     : length == 2 ? (u[0] & 0x1fU) << 6 | (u[1] & 0x3fU)
                     : length == 3 ? (u[0] & 0x0fU) << 12 | (u[1] & 0x3fU) << 6 | (u[2] & 0x3fU) : 0x10000U;

        *ret = c;
        return c < ' ' || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

void utf8_make_printable(char *s)
{
        size_t n = strlen(s);
        unsigned ignored;

        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_length(s + i, n - i);
                if (length == 0 || utf8_is_control(s + i, length, &ignored)) {
                        length = length ?: 1;
                        memset(s + i, '?', length);
                }
        }
}

size_t utf8_columns(const char *s)
{
        size_t n = strlen(s), columns = 0;
        mbstate_t state = {};

        while (n > 0) {
                wchar_t c;
                size_t k = mbrtowc(&c, s, n, &state);
                int width = k == 0 || k > n ? -1 : wcwidth(c);

                if (width < 0) {
                        state = (mbstate_t) {};
                        k = 1;
                        width = 1;
                }
                columns += (size_t) width;
                s += k;
                n -= k;
        }
        return columns;
}
