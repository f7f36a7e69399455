/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-util.h"

/* Paths as text; nothing here touches a file system. */

static inline bool path_is_absolute(const char *p)
{
        return p && *p == '/';
}

/* a/b with exactly one slash between; b is appended even when it is absolute. */
char *path_join(const char *a, const char *b);
/* The last component; "" for "/" and for a path that ends in a slash. */
const char *path_basename(const char *p);
/* Removes "." and double slashes and resolves ".." as text, never above the root: "/a/../../b" is "/b". */
int path_clean(const char *p, char **ret);
/* Whether path is the other one or lies below it. Both must be clean. */
bool path_is_at_or_below(const char *path, const char *other);
/* A path with no slash at either end, and no component that is empty, "." or "..". */
bool path_is_below(const char *p);
/* Orders paths so that what is below a directory comes directly behind it. */
int path_compare(const char *a, const char *b);
/* True when any component is "..". */
bool path_has_dotdot(const char *p);
