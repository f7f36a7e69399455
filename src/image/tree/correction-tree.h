/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree/merged-tree.h"

/* Makes the tree that has to lie over stacked for wanted to be seen, directory_fd/name; none where nothing is to be
 * corrected. In it are directories with the metadata they ought to have, whiteouts, and hard links to files of the
 * layers that something else hides. Both trees are of the same layers, told by their source, and all is on one file
 * system.
 * -EMLINK: there are more links to a file than the file system can hold. */
int correction_tree_make(const MergedTree *stacked, const MergedTree *wanted, int directory_fd, const char *name);
