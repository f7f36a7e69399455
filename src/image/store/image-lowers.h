/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* The absolute paths of the trees to stack, top first, as overlayfs' lowerdir expects them. A layer that occurs twice
 * is listed once, and layers hidden by an opaque top directory are left out. The first may be a tree made for this
 * image alone: one that corrects directories that a layer implies without metadata (image/store/implied-tree.h), or one
 * that applies whitelists to its dependencies (image/store/image-render.h), created now if it does not exist yet. The
 * caller holds the store's lock. -ENOENT: lacks a dependency. -ELOOP: depends on itself. -EUCLEAN: a layer was found
 * damaged. */
int image_lowers(ImageStore *s, const Image *image, char ***ret, char **reterr_message);

/* The same for the image's own contents, for an appc image without dependencies and whitelists. */
int image_lowers_own(ImageStore *s, const Image *image, char ***ret, char **reterr_message);
