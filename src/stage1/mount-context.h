/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "stage1/late-mounts.h"

/* Where the mounts of a plan are made, and for whom. Who fills it in owns what it has, the list of late mounts
 * included. */

typedef struct MountContext {
        const char *data;     /* the directory of pods, images and volumes */
        int root_fd;          /* the pod's root */
        int scratch_fd;       /* a directory for short paths to layers, and for sources; nothing else uses it */
        int userns_fd;        /* negative: IDs are the host's */
        uid_t uid_base;
        int host_mounts_fd;   /* the host's mount namespace, for shared volumes; negative: there are none */
        int pod_mounts_fd;    /* the mount namespace of the pod that the app comes to; negative: it starts */
        bool own_mounts;      /* nobody but us mounts anything in an app's root */
        LateMounts late;      /* what has been left to systemd, or until we have mounted the kernel's file systems */
        unsigned n_devices;
} MountContext;
