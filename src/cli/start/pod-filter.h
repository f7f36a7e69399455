/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Which pods a command shows: those that run, unless it says otherwise. All that is given has to fit. */
typedef struct PodFilter {
        bool all;       /* in any state */
        char **states;  /* one of them; "exited" includes what is marked for removal */
        char **labels;  /* "NAME" or "NAME=VALUE", each of the pod's user labels or one of its apps' */
        char *image;    /* pattern of glob(7) for the name of an app's image */
        char *name;     /* the same for the pod's name */
} PodFilter;

/* Logs. */
int pod_filter_check(const PodFilter *f);
/* Loads the pod if that is needed. */
bool pod_filter_fits(const PodFilter *f, Pod *pod);
