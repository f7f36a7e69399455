/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/macro.h"

/* JSON values as bytes that take no parser worth the name, for two processes of ours one of which handles what
 * strangers wrote. Each value is a letter and what belongs to it, numbers as this machine has them: n, t and f alone;
 * i, u and d with 8 bytes; s, a and o with a count in 4, of bytes, values or members. A member is a string without the
 * letter, and a value. There is one way to write a value. */

int json_pack(json_object *o, char **ret, size_t *ret_size);

/* The process that packed it may have been taken over: what json_parse_memory() would not have let pass does not pass
 * here either. -EBADMSG, also where bytes are left over. *ret is NULL for null. */
int json_unpack(const char *data, size_t n, json_object **ret);
