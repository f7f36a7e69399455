/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "basic/string-util.h"

static int value_of(char c)
{
        static const char alphabet[] = UPPERCASE LOWERCASE DIGITS "+/";
        const char *p = c ? strchr(alphabet, c) : NULL;

        return p ? (int) (p - alphabet) : -EINVAL;
}

int base64_decode(const char *s, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *data = NULL;
        size_t n = strlen(s), padding = 0, size = 0;

        if (n % 4 != 0)
                return -EINVAL;
        while (padding < 2 && padding < n && s[n - 1 - padding] == '=')
                padding++;
        data = new_array(char, n / 4 * 3 + 1);
        if (!data)
                return -ENOMEM;

        for (size_t i = 0; i < n; i += 4) {
                uint32_t bits = 0;

                for (size_t k = i; k < i + 4; k++) {
                        int v = k < n - padding ? value_of(s[k]) : 0;

                        if (v < 0)
                                return -EINVAL;
                        bits = bits << 6 | (uint32_t) v;
                }
                for (int shift = 16; shift >= 0; shift -= 8)
                        data[size++] = (char) (bits >> shift);
        }
        size -= padding;
        /* Bits that belong to no byte have to be zero, or two texts would mean the same. */
        for (size_t i = size; i < size + padding; i++)
                if (data[i])
                        return -EINVAL;

        data[size] = 0;
        *ret_size = size;
        *ret = TAKE_PTR(data);
        return 0;
}

char *base64_encode(const void *data, size_t n)
{
        static const char alphabet[] = UPPERCASE LOWERCASE DIGITS "+/";
        const unsigned char *p = data;
        char *s = new_array(char, (n + 2) / 3 * 4 + 1), *out = s;

        for (size_t i = 0; s && i < n; i += 3) {
                uint32_t bits = (uint32_t) p[i] << 16 | (i + 1 < n ? (uint32_t) p[i + 1] << 8 : 0) |
                                (i + 2 < n ? p[i + 2] : 0);

                for (size_t k = 0; k < 4; k++)
                        *out++ = i + k <= n ? alphabet[bits >> (18 - 6 * k) & 63] : '=';
        }
        if (s)
                *out = 0;
        return s;
}
