/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree/merged-tree.h"

/* Makes the tree directory_fd/name that has to lie over stacked so that wanted is seen; makes none if there is nothing
 * to correct. It contains directories with the metadata they should have, whiteouts, and hard links to files of the
 * layers that something else hides. Both trees consist of the same layers, identified by their source, and everything
 * is on one file system. -EMLINK: there are more links to a file than the file system can hold. */
int correction_tree_make(const MergedTree *stacked, const MergedTree *wanted, int directory_fd, const char *name);
