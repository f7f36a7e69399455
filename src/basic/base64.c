/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <nettle/base64.h>
#include <stdint.h>

#include "basic/base64.h"
#include "basic/string-util.h"

bool base64_is_valid(const char *s)
{
        size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS "+/"), padding = strspn(s + n, "=");

        return s[n + padding] == 0 && padding <= 2 && (n + padding) % 4 == 0;
}

/* libnettle passes over spaces. It refuses bits that belong to no byte: with them two texts would mean the same. */
int base64_decode(const char *s, char **ret, size_t *ret_size)
{
        struct base64_decode_ctx context;
        _cleanup_free_ char *data = NULL;
        size_t n = strlen(s), size;

        if (!base64_is_valid(s))
                return -EINVAL;
        data = new_array(char, n / 4 * 3 + 1);
        if (!data)
                return -ENOMEM;
        base64_decode_init(&context);
        if (!base64_decode_update(&context, &size, (uint8_t *) data, n, s) || !base64_decode_final(&context))
                return -EINVAL;

        data[size] = 0;
        *ret_size = size;
        *ret = TAKE_PTR(data);
        return 0;
}

int base64_decode_without(const char *s, const char *skip, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *packed = strdup(s);
        size_t n = 0;
        int r;

        if (!packed)
                return -ENOMEM;
        for (const char *p = s; *p; p++)
                if (!strchr(skip, *p))
                        packed[n++] = *p;
        packed[n] = 0;
        r = base64_decode(packed, ret, ret_size);
        explicit_bzero(packed, strlen(s)); /* it may be a secret */
        return r;
}

char *base64_encode(const void *data, size_t n)
{
        size_t size = (n + 2) / 3 * 4;
        char *s = n < SIZE_MAX / 2 ? new_array(char, size + 1) : NULL;

        if (s) {
                base64_encode_raw(s, n, data);
                s[size] = 0;
        }
        return s;
}
