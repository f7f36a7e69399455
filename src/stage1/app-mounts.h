/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "stage1/late-mounts.h"

/* Carries out the mounts of a plan, in a mount namespace of our own. */

typedef struct MountContext {
        int root_fd;          /* the pod's root */
        int scratch_fd;       /* a directory for short paths to layers, nobody else's */
        int userns_fd;        /* negative: IDs are the host's */
        uid_t uid_base;
        LateMounts late;      /* what has been left to systemd */
} MountContext;

/* Makes the mount and its target. *reterr_message names it. */
int plan_mount_carry_out(const PlanMount *m, MountContext *context, char **reterr_message);

/* Makes an app's root read-only if it is to be; after all mounts in it. */
int plan_mount_seal(const PlanMount *m, const MountContext *context);
