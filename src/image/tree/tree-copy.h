/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree/merged-tree.h"

/* Copies files with all attributes that images have: owner, mode, times, user.* and capability attributes, POSIX ACLs,
 * holes. Overlayfs' own attributes are not copied. */

/* Copies the metadata of an open file or directory to another. */
int tree_copy_metadata(int from_fd, int to_fd);

/* Copies that many bytes to an empty file, and keeps holes as holes. -EIO: it is shorter by now. */
int tree_copy_contents(int from_fd, int to_fd, off_t size);

/* Fills an empty directory with the contents of the tree. Hard links are preserved. */
int tree_copy_merged(const MergedTree *t, int to_fd, char **reterr_message);
