/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* What differs between a file tree and what it ought to be. */

/* path begins with '/'; what: "content", "size", "type", "mode", "owner", "times", "xattrs", "link target", "device",
 * "hard link", "missing", "extra". */
typedef int (*TreeDifference)(const char *path, const char *what, void *userdata);

/* Calls for each difference; a directory that is missing or one too many is told once, not for what is in it. Times
 * are those of modification, and not of the directories in implied, which is sorted. Ends at the first error of the
 * callback's or its own, and returns that. */
int tree_compare(int wanted_fd, int found_fd, char *const *implied, TreeDifference report, void *userdata);
