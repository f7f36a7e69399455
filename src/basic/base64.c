/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <openssl/evp.h>

#include "basic/base64.h"
#include "basic/string-util.h"

bool base64_is_valid(const char *s)
{
        size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS "+/"), padding = strspn(s + n, "=");

        return s[n + padding] == 0 && padding <= 2 && (n + padding) % 4 == 0;
}

/* libcrypto accepts more than base64: spaces around it, '=' anywhere, and bits that belong to no byte. */
int base64_decode(const char *s, char **ret, size_t *ret_size)
{
        size_t n = strlen(s), padding = n - strcspn(s, "="), size = n / 4 * 3 - padding;
        _cleanup_free_ char *data = NULL;

        if (!base64_is_valid(s) || n > INT_MAX)
                return -EINVAL;
        data = new_array(char, n / 4 * 3 + 1);
        if (!data)
                return -ENOMEM;
        if (EVP_DecodeBlock((unsigned char *) data, (const unsigned char *) s, (int) n) < 0)
                return -EINVAL;
        /* Bits that belong to no byte have to be zero, or two texts would mean the same bytes. */
        for (size_t i = size; i < size + padding; i++)
                if (data[i])
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
        char *s = n < INT_MAX / 2 ? new_array(char, (n + 2) / 3 * 4 + 1) : NULL;

        if (s)
                (void) EVP_EncodeBlock((unsigned char *) s, data, (int) n);
        return s;
}
