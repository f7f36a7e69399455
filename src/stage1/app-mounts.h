/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-source.h"

/* Carries out the mounts of a plan, in a mount namespace of our own. */

/* Makes the mount and its target. *reterr_message names it. */
int plan_mount_carry_out(const PlanMount *m, MountContext *context, char **reterr_message);

/* Makes an app's root read-only if it is to be; after all mounts in it. */
int plan_mount_seal(const PlanMount *m, const MountContext *context);
