/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/images/fetch-image.h"
#include "manifest/appc-pod.h"

/* The images of image volumes, which are found, fetched and verified like those of apps. All log. */

/* Gives them the IDs of what is in the store or was fetched. or_stored: as for apps of a file, which start with what
 * the store has if nothing newer can be had. */
int compose_image_volumes(Context *c, AppcPod *pod, PullPolicy policy, bool or_stored);
int compose_image_volumes_of_app(Context *c, AppcPodApp *app, PullPolicy policy);

/* For a file of pods.d: leaves them no more than was said, so that a newer image is followed. */
int compose_image_volumes_simplify(AppcPod *pod);
