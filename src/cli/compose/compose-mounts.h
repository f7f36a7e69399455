/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* What --volume=, --mount= and --device= say, an option's texts at a time. Where several mounts of an app have one
 * target, the first stays. All log. */
int compose_volumes(AppcPod *pod, char *const *texts);
int compose_mounts(AppcPod *pod, AppcPodApp *app, char *const *texts);
int compose_devices(AppcPodApp *app, char *const *texts);
