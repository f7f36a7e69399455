/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* appc images made from several (appc spec/aci.md, "Dependency Matching" and pathWhitelist): every image's
 * dependencies in their order, then its own files; later files replace earlier ones, of any type; and of each image
 * only the paths that its whitelist and those of all dependent images allow.
 *
 * The layers are stacked unchanged, and above them one tree that corrects the view: whiteouts for paths that a
 * whitelist excludes, and hard links into the layers for files that should be visible but are hidden by an excluded
 * file. Nothing is copied. The tree depends only on the images; it is made once for each combination of them and
 * kept among the layers as "top-ID.KEY" with the file "lower", which lists what to stack, top first. */

/* Names below layers/ to be stacked, top first, with the tree, which is created if it does not exist. NULL when the
 * image needs no such tree. The caller holds the store's lock. Errors of image_visits_find(). */
int image_render(ImageStore *s, const Image *image, char ***ret_names, char **reterr_message);

/* The current name of this image's tree, NULL when it needs none. Used to find trees that are still useful. */
int image_render_name(ImageStore *s, const Image *image, char **ret);
