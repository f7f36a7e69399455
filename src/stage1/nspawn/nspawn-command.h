/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "pod/plan.h"
#include "stage1/late-mounts.h"

/* The command line of systemd-nspawn for a pod (systemd-nspawn(1)), without doing anything. */

/* A tmpfs is mounted here, differently for each pod. */
#define NSPAWN_WORK_DIRECTORY "/run/podctl/stage1"
#define NSPAWN_ROOT_DIRECTORY NSPAWN_WORK_DIRECTORY "/root"
#define NSPAWN_SCRATCH_DIRECTORY NSPAWN_WORK_DIRECTORY "/layers"

/* Everything stays the caller's. */
typedef struct NspawnCommand {
        const PodPlan *plan;
        uid_t uid_base; /* 0: the pod's users are the host's */
        const LateMounts *late;
        char *const *credentials; /* options of nspawn */
} NspawnCommand;

/* The program and its arguments; the caller frees them. */
int nspawn_command_format(const NspawnCommand *n, char ***ret);
