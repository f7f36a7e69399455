/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "basic/macro.h"

/* JSON values as bytes that hardly need a parser, for two of our processes, one of which handles untrusted data. Each
 * value is a letter and the data that belongs to it, with numbers in this machine's byte order: n, t and f alone; i, u
 * and d with 8 bytes; s, a and o with a 4-byte count of bytes, values or members. A member is a string without the
 * letter, and a value. There is only one way to write a value. */

int json_pack(json_object *o, char **ret, size_t *ret_size);

/* The process that packed the value may have been taken over: whatever json_parse_memory() would have rejected is
 * rejected here as well. -EBADMSG, also when bytes are left over. *ret is NULL for null. */
int json_unpack(const char *data, size_t n, json_object **ret);
