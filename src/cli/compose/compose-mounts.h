/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Apply --volume=, --mount= and --device=, all texts of one option at a time. If several mounts of an app have the same
 * target, the first counts. All log. */
int compose_volumes(AppcPod *pod, char *const *texts);
/* Volumes that only the app has: --mnt-volume. */
int compose_own_volumes(AppcPodApp *app, char *const *texts);
int compose_mounts(AppcPod *pod, AppcPodApp *app, char *const *texts);
int compose_devices(AppcPodApp *app, char *const *texts);
