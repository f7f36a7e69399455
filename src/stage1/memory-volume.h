/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-context.h"

/* Volumes in memory: each is a tmpfs that is mounted once, in the scratch directory, for all apps that have it. Where
 * apps come while the pod runs, those that the pod declares are also mounted in a place of the pod's own: there, a late
 * app finds what others have, and it stays when they go. */

/* Where that is in the pod; only its root can enter it. */
#define MEMORY_VOLUME_DIRECTORY "/opt/memory"

/* Opens the volume, and makes it if the pod does not have it. -ESTALE, with *reterr_message: other apps have it, and it
 * is not in its place any more. */
int memory_volume_open(const PlanMount *m, MountContext *context, char **reterr_message);
