/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "stage1/late-mounts.h"

typedef struct MountContext {
        const char *data;     /* the directory of pods, images and volumes */
        int root_fd;          /* the pod's root */
        int scratch_fd;       /* a directory for short paths to layers, and for sources; nothing else uses it */
        int userns_fd;        /* negative: IDs are the host's */
        uid_t uid_base;
        int host_mounts_fd;   /* the host's mount namespace, for shared volumes; negative: there are none */
        bool own_mounts;      /* nobody but us mounts anything in an app's root */
        LateMounts late;      /* what has been left to systemd, or until we have mounted the kernel's file systems */
        unsigned n_devices;
} MountContext;

/* The root of the app that the mount is in, or whose name is given. */
int mount_open_app_root(const MountContext *context, const char *app);

/* Opens the file or directory in a root, whose path is without links, O_PATH. What is missing of it is made, as a
 * directory or a file, and belongs to root in the pod. */
int mount_make_target(const MountContext *context, int root_fd, const char *path, bool directory);

/* A mount of the source, attached nowhere yet. *reterr_message names the mount. */
int mount_source_clone(const PlanMount *m, MountContext *context, char **reterr_message);
