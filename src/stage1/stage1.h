/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/engine.h"
#include "pod/pod-plan.h"
#include "pod/pod.h"

/* An engine that carries out a plan; what is known about it without that is in pod/engine.h. */

/* What the systemd of a pod takes of inotify(7): for its control groups, for the mounts of util-linux, for the time
 * zone, and while it starts for questions for passwords. */
#define STAGE1_INOTIFY_INSTANCES 4

typedef struct Stage1 {
        const Engine *engine;
        /* Turns the calling process, which is the main one of the pod's unit and holds the pod's lock, into the pod.
         * Returns only on failure, with *reterr_message; all that it made goes away with the process. */
        int (*launch)(Pod *pod, PodPlan *plan, char **reterr_message);
} Stage1;

extern const Stage1 stage1_nspawn, stage1_fly;

/* That of the pod's engine. */
const Stage1 *stage1_of(const PodSettings *settings);
