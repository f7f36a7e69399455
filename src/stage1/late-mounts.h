/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Mounts that have to wait for systemd: at or below /dev, /proc and /sys, where an app's unit binds those of the pod
 * over whatever is there before, and below /run, where systemd mounts what is its own. So they are made in a place of
 * the pod's own, and the app's unit binds them, too (BindPaths=). So are mounts that are to be slaves of the host's,
 * since systemd-nspawn from 257 on cuts off all but those it is given with --bind=, and all mounts below one of these.
 * Only the app's root shows what a path of the app means, since links lead there too: /var/run in most images. */

typedef struct LateMount {
        const char *app; /* the plan's */
        char *source;    /* as the pod sees it */
        char *target;    /* as the app sees it, without links */
        bool shared;     /* what is mounted below it later appears on the host */
        char *scratch;   /* or NULL: what systemd-nspawn binds on the source, a name in the scratch directory */
} LateMount;

typedef struct LateMounts {
        LateMount *items;
        size_t n;
} LateMounts;

void late_mounts_done(LateMounts *l);

/* 1: the path, which is without links, is where systemd or what it mounts covers it, or is wanted late anyway. -EINVAL:
 * a unit cannot name the path. -ENOENT: the path cannot be made. */
int late_mounts_check(const LateMounts *l, const char *app, const char *path, bool anyway);

/* Notes it under the next free place, which the caller makes. What comes back is owned by the list, valid until the
 * next call. */
int late_mounts_add(LateMounts *l, const char *app, const char *target, bool handed, const LateMount **ret);

/* Those of one app, as "SOURCE:TARGET": all, or the shared ones. */
int late_mounts_of(const LateMounts *l, const char *app, char ***ret);
int late_mounts_shared_of(const LateMounts *l, const char *app, char ***ret);
