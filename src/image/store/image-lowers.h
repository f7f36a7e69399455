/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* The absolute paths of the trees to stack, top first, as overlayfs' lowerdir wants them. A layer that occurs twice is
 * given once, and what an opaque top directory hides is left out. First may come a tree made for this image alone: one
 * that corrects directories a layer holds without saying how they should look (image/store/implied-tree.h), or one that
 * makes of its dependencies what it wants of them (image/store/image-render.h), made now if it is not there yet. The
 * caller holds the store's lock. -ENOENT: lacks a dependency. -ELOOP: depends on itself. -EUCLEAN: a layer was found
 * damaged. */
int image_lowers(ImageStore *s, const Image *image, char ***ret, char **reterr_message);

/* The same of what the image itself holds, for an appc image without dependencies and whitelists. */
int image_lowers_own(ImageStore *s, const Image *image, char ***ret, char **reterr_message);
