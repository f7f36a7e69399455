/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fd.h"

/* Mounts on their way from a mount namespace of ours into that of a pod that runs: noted by their paths here, then
 * opened while this process sees them, and attached after it has entered the pod's namespace. */

/* Where in the pod. Each of the first two has a directory for each app there. */
typedef enum CarriedPlace {
        CARRIED_APP,    /* the app's root, and what systemd binds into it */
        CARRIED_LAUNCH, /* its files for the launcher */
        CARRIED_MEMORY, /* the pod's volumes in memory, see memory-volume.h */
        _CARRIED_PLACE_MAX,
} CarriedPlace;

typedef struct CarriedMount {
        char *from; /* its path in our namespace */
        CarriedPlace place;
        char *to;   /* below the directory there */
        int fd;
} CarriedMount;

typedef struct CarriedMounts {
        CarriedMount *items;
        size_t n;
} CarriedMounts;

void carried_mounts_done(CarriedMounts *l);

/* Takes both strings over in any case; one that is NULL is -ENOMEM. */
int carried_mounts_add(CarriedMounts *l, char *from, CarriedPlace place, char *to);

/* Opens copies of them all, with what is mounted below. */
int carried_mounts_open(CarriedMounts *l);

/* Attaches them, each below the directory of its place; what is missing on the way is made. */
int carried_mounts_attach(const CarriedMounts *l, const int directories[static _CARRIED_PLACE_MAX]);
