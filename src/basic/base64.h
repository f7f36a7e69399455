/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* RFC 4648, section 4: with padding, nothing between the characters. */
bool base64_is_valid(const char *s);
/* -EINVAL: the text is not base64, or not the one canonical way to write these bytes. The result is NUL-terminated. */
int base64_decode(const char *s, char **ret, size_t *ret_size);
/* Base64 that has any of these characters between the others, such as line ends. */
int base64_decode_without(const char *s, const char *skip, char **ret, size_t *ret_size);
/* Returns NULL when out of memory. */
char *base64_encode(const void *data, size_t n);
