/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree/merged-tree.h"

/* Copying files with all that an image says of them: owner, mode, times, user.* and capability attributes, POSIX ACLs,
 * holes. Overlayfs' own attributes stay behind. */

/* Of an open file or directory to another. */
int tree_copy_metadata(int from_fd, int to_fd);

/* Fills an empty directory with all that is in the tree. Names of one file stay names of one file. */
int tree_copy_merged(const MergedTree *t, int to_fd, char **reterr_message);
