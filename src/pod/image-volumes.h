/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "pod/plan-images.h"
#include "pod/pod.h"

/* Image volumes: the files of an image, read-only in apps. The pod keeps the layers of each such image in a file
 * "images/ID", which keeps them from being collected, as apps/APP/lower does for an app's own. */

/* The image of a volume: by its ID if it has one, else by what the user wrote. -ENOENT; *reterr_message names the
 * volume. */
int image_volume_find(ImageStore *store, const Volume *volume, Digest *ret, char **reterr_message);

/* What a start with a file of pods.d would find, which looks first where the image comes from. */
int image_volume_find_for_start(ImageStore *store, const Volume *volume, Digest *ret);

/* Fills in the IDs of all that the manifest has, and adds their layers to the images. The caller holds the store's
 * lock, shared, until they are written. */
int image_volumes_resolve(ImageStore *store, AppcPod *manifest, PlanImages *images, char **reterr_message);
/* The same for what one app has to itself. */
int image_volumes_resolve_app(ImageStore *store, AppcPodApp *app, PlanImages *images, char **reterr_message);

int image_volumes_write(const Pod *pod, const PlanImages *images);
/* Those of the loaded manifest. -ENOENT: a record is gone. */
int image_volumes_read(const Pod *pod, PlanImages *images, char **reterr_message);
/* Removes those that the loaded manifest does not have any more. */
int image_volumes_forget(const Pod *pod);
/* Of all of them, whatever the manifest says: it may be damaged, or not exist yet. */
int image_volumes_lowers(const Pod *pod, char ***ret);
