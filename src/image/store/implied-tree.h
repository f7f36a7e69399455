/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"

/* A layer may contain "tmp/x" without an entry for "tmp": then the metadata of that directory is unknown, and it was
 * created with mode 0755. If layers were unpacked over one another, the directory would keep the metadata from a layer
 * below; stacked with overlayfs it hides that. So an image with such directories gets one more tree, above all its
 * layers, that contains only these directories with the right metadata. */

/* It is stored among the layers, as IMPLIED_TREE_PREFIX (image/store/layer-store.h) and the image's ID, and kept like a
 * layer while it is in use. */

/* Creates the tree of the image in the first of the two directories of layers, if it needs one. Layers are bottom to
 * top and are in either directory. */
int implied_tree_make(const Digest *image, const int layers_fds[static 2], const Digest *layers, size_t n);
