/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-source.h"

/* A mount of a named volume, attached nowhere yet; the volume is made if it is missing, with what the app that the plan
 * names has at the path: its image's files, since the app's root is mounted and nothing has run in it. What another
 * volume has there is not taken. Nothing in the volume is a device. */
int named_volume_clone(const PlanMount *m, const MountContext *context, char **reterr_message);
