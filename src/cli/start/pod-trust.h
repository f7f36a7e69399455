/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* What made the images of a pod's apps trusted: the store says so, to users who may read it. */

/* One line; NULL: the image is gone from the store, or nothing made it trusted. */
char *pod_app_trust_text(Context *c, const AppcPodApp *app);

/* Adds the member "trust" to each app of what pod_to_json() made. */
void pod_add_trust(Context *c, const Pod *pod, json_object *o);
