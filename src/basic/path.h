/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-util.h"

/* Paths as text; nothing here touches a file system. */

static inline bool path_is_absolute(const char *p)
{
        return p && *p == '/';
}

/* a/b with exactly one slash between; an absolute second part is appended all the same. */
char *path_join(const char *a, const char *b);
/* The last component, "" for "/" or a path ending in one. */
const char *path_basename(const char *p);
/* Removes "." and double slashes and resolves ".." as text, never above the root: "/a/../../b" is "/b". */
int path_clean(const char *p, char **ret);
/* Both clean: the path is the other or lies in it. */
bool path_is_at_or_below(const char *path, const char *other);
/* True when any component is "..". */
bool path_has_dotdot(const char *p);
