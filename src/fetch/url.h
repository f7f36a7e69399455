/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* URLs, as libcurl reads them. -EPROTO: it is none. */

/* What a Location header means in the answer of that URL (RFC 9110, 10.2.2). */
int url_resolve(const char *base, const char *location, char **ret);
/* Adds "NAME=VALUE" to the query, escaped. */
int url_add_query(const char *url, const char *name, const char *value, char **ret);
/* Whether both lead to the same server: scheme, host and port. */
bool url_same_origin(const char *a, const char *b);
