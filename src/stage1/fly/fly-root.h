/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "stage1/mount-source.h"

/* The root of an app that is on the host otherwise, once the plan's mounts are made: what comes after them. root_fd is
 * the app's root; every place in it is opened beneath it, whatever links an image has. */

/* The host's /dev, /proc and /sys, with all that is mounted there now and later. /sys is read-only unless the app's
 * paths are open. */
int fly_mount_kernel(const PlanApp *app, int root_fd, char **reterr_message);
/* Then what had to wait for these; and last of all the shared volumes, since whatever is mounted in one appears on the
 * host. */
int fly_mount_late(const MountContext *context, int root_fd, char **reterr_message);
int fly_mount_shared(const MountContext *context, int root_fd, char **reterr_message);
/* A clone of a file or directory at a place of the app, which is made if it is not below one of these. */
int fly_bind(const char *source, int root_fd, const char *path);

/* Makes it the root of this process and its namespace, in which nothing of the host's is left but what was mounted. */
int fly_enter(int root_fd);
