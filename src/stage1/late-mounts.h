/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Mounts that have to wait for systemd: at or below /dev, /proc and /sys and below /run of an app it mounts file systems of
 * its own (MountAPIVFS=), over whatever is there before. So they are made in a place of the pod's own, and the app's unit
 * binds them (BindPaths=). What an app's path means only its root tells, since links lead there too: /var/run in most
 * images. */

typedef struct LateMount {
        const char *app; /* the plan's */
        char *source;    /* as the pod sees it */
        char *target;    /* as the app sees it, without links */
} LateMount;

typedef struct LateMounts {
        LateMount *items;
        size_t n;
} LateMounts;

void late_mounts_done(LateMounts *l);

/* 1: systemd covers the path, which is without links. -EINVAL: it could not be told of it. -ENOENT: nobody can make it
 * there. */
int late_target_check(const char *path);

/* Notes it under the next free place, which the caller makes. *ret is owned by the list, valid until the next call. */
int late_mounts_add(LateMounts *l, const char *app, const char *target, const char **ret_source);

/* Those of one app, as "SOURCE:TARGET". */
int late_mounts_of(const LateMounts *l, const char *app, char ***ret);
