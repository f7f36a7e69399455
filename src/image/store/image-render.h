/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* appc images made of several (appc spec/aci.md, "Dependency Matching" and pathWhitelist): every
 * image's dependencies in their order, then its own files; later files replace earlier ones, of whatever kind they
 * are; and of each image only what its whitelist and those of all that depend on it let through.
 *
 * The layers are stacked as they are, and over them one tree that corrects what is seen: whiteouts for what a
 * whitelist keeps out, and hard links into the layers for what ought to be seen but is hidden by a file that ought
 * not. Nothing is copied. The tree depends on the images and on nothing else; it is made once for each combination of
 * them and kept among the layers as "top-ID.KEY" with the file "lower", what to stack, top first. */

/* Names below layers/ to be stacked, top first, with the tree made if it was not there. NULL when the image needs
 * nothing of the kind. The caller holds the store's lock. Errors of image_visits_find(). */
int image_render(ImageStore *s, const Image *image, char ***ret_names, char **reterr_message);

/* The name the tree of this image would have now, NULL when it needs none. For telling which trees are of use. */
int image_render_name(ImageStore *s, const Image *image, char **ret);
