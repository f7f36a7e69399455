/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Access tokens by their purpose; shared by all threads of the process. */

/* Returns a copy of the token, or NULL. */
char *token_cache_find(const char *key);
/* Lifetime in seconds. */
int token_cache_put(const char *key, const char *token, uint64_t lifetime);
void token_cache_forget(const char *key);
