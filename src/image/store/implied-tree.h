/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"

/* A layer may hold "tmp/x" without an entry for "tmp": then nothing is known of that directory, and it was made with
 * mode 0755. Were layers unpacked over one another, it would keep what a layer below says; stacked by overlayfs it
 * would hide that. So an image with such directories gets one more tree, on top of all its layers, of nothing but the
 * directories in question with the metadata they ought to have. */

/* It lies among the layers, as IMPLIED_TREE_PREFIX (image/store/layer-store.h) and the image's ID, and is kept like one
 * while somebody uses it. */

/* Makes the tree of the image in the first of the two directories of layers, if it needs one. Layers are bottom to top
 * and lie in either. */
int implied_tree_make(const Digest *image, const int layers_fds[static 2], const Digest *layers, size_t n);
