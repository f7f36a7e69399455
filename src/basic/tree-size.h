/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* How much a tree takes on the disk, without following links or crossing into mounts. Stops counting beyond max bytes,
 * and takes a tree of very many levels for larger than anything, UINT64_MAX, since looking takes a descriptor a level.
 * -ENOENT. */
int tree_size_at(int dir_fd, const char *path, uint64_t max, uint64_t *ret);
