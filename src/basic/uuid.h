/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* RFC 4122 UUIDs, always in their canonical lower-case text form of 36 characters. */

#define UUID_STRING_MAX 37

typedef struct Uuid {
        char s[UUID_STRING_MAX];
} Uuid;

/* A random UUID (version 4). */
int uuid_new(Uuid *ret);
/* Accepts the canonical form, in either case. */
int uuid_parse(const char *s, Uuid *ret);
/* The 32 hex digits without dashes, as machine-ids are written. */
const char *uuid_format_plain(const Uuid *u, char buffer[static 33]);
