/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Under which name this program was started. As "rkt" it prints what rkt printed, for scripts that were written for
 * that; all else but the ways of cli/rkt-ways.h is the same. */
void persona_set(const char *program);
bool persona_is_rkt(void);

/* "podctl" or "rkt". */
const char *persona_name(void);

/* An image is gone from the store. */
void persona_say_removed(const char *id);

/* What version of rkt scripts may take it for: its last one. */
#define RKT_VERSION "1.30.0"
