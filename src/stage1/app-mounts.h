/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-source.h"

/* Carries out the mounts of a plan, in a mount namespace of our own. */

/* Makes the mounts and their targets, of the pod or of one app; an app's root is read-only afterwards if it is to be.
 * *reterr_message names the mount. */
int plan_mounts_carry_out(const PlanMounts *mounts, MountContext *context, char **reterr_message);
