/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-source.h"

/* Carries out the mounts of a plan, in a mount namespace of our own. */

/* Makes the mount and its target. *reterr_message names it. */
int plan_mount_carry_out(const PlanMount *m, MountContext *context, char **reterr_message);

/* Attaches layers, top first, in the scratch directory; *ret_lowerdir is what overlayfs is to be told of them,
 * relative to there. */
int layers_attach(char *const *lowers, const char *what, int userns_fd, int scratch, char **ret_lowerdir,
                  char **reterr_message);

/* Makes an app's root read-only if it is to be; after all mounts in it. */
int plan_mount_seal(const PlanMount *m, const MountContext *context);
