/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* The images that a pod needs. */

void plan_images_done(PlanImages *images);

/* The image of a volume, by the ID that the manifest has. */
const PlanImage *plan_images_find(const PlanImages *images, const char *id);
/* Appends one, which is to be filled in, and may move at the next call. */
int plan_images_add(PlanImages *images, const char *id, PlanImage **ret);

/* Fills in what the layers of a tree say. */
void plan_image_note_layers(PlanImage *image);

/* Gives the image volumes of an app their layers. Owners that the pod does not have are added to plan->ignored. -E2BIG:
 * there are more than can be stacked. */
int plan_image_volumes(PodPlan *plan, PlanApp *app, const PlanImages *images, char **reterr_message);
