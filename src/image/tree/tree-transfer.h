/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/fs.h"

/* Copies a file, a link or a directory between two places that others may change meanwhile, an app for example. Every
 * name is opened below the descriptor of its directory, and no link is ever followed; what has been opened is what is
 * copied. The copy is made under another name and then renamed, so that it is there whole or not at all.
 *
 * Kept are contents with their holes, modes and the times of modification. Hard links become files of their own;
 * attributes are left behind. Devices, sockets and FIFOs are refused. */

typedef struct TreeTransfer {
        uid_t from_base; /* of a pod's own 64K user IDs; 0: IDs are as they are */
        uid_t to_base;
        bool preserve;   /* owners, translated, and the bits for set-user-ID and set-group-ID; else root has it all */
} TreeTransfer;

/* from_fd is the file, opened with O_PATH. A file or link replaces what has that name, unless it is a directory; a
 * directory replaces only an empty one. -EEXIST, -EOPNOTSUPP, -EOVERFLOW: refused, with a message; others are those of
 * the system. */
int tree_transfer(const TreeTransfer *t, int from_fd, int to_dir_fd, const char *name, char **reterr_message);
