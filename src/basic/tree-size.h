/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* How much disk space a tree takes, without following links or crossing into mounts; a file with several names counts
 * once. Stops counting beyond max bytes, and reports UINT64_MAX for a tree with very many levels, since each level
 * takes a descriptor. -ENOENT. */
int tree_size_at(int dir_fd, const char *path, uint64_t max, uint64_t *ret);
