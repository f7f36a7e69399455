/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* The differences between a file tree and the expected one. */

/* path begins with '/'; what: "content", "size", "type", "mode", "owner", "times", "xattrs", "link target", "device",
 * "hard link", "missing", "extra". */
typedef int (*TreeDifference)(const char *path, const char *what, void *userdata);

/* Calls the function for each difference; a missing or extra directory is reported once, without its contents. Times
 * are modification times, except of the directories in implied, which is sorted. Ends at the first error, of the
 * callback or its own, and returns that. */
int tree_compare(int wanted_fd, int found_fd, char *const *implied, TreeDifference report, void *userdata);
