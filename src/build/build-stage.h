/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "image/store/image-store.h"

/* An image that is being built goes into the store as it is now, without a name, so that a pod can run in it: layers
 * that were there already, of the base or for an earlier run, are not unpacked again. The build knows which image that
 * is, and the next one takes its place; what a build that is gone has left goes with images that nobody uses. */

/* Layers of the store that lie below those of the build, bottom to top. */
typedef struct BuildBelow {
        Digest *layers;
        size_t n, n_allocated;
} BuildBelow;

/* The image has the environment, the user and the working directory of the build, and nothing else that would become
 * of a pod. The caller has closed the last layer. -ENODATA: it has no files. */
int build_stage(BuildContext *c, ImageStore *store, const BuildBelow *below, Digest *ret, char **reterr_message);
/* The image that was there before, if there is one. -ENOENT. */
int build_staged(const BuildContext *c, Digest *ret);
/* Makes it the one that the build knows. */
int build_stage_note(BuildContext *c, const Digest *id);
