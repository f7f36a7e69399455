/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-gc.h"

/* Of the ended pods of one unit (of one name, where their settings have no unit) the last few are kept: those of a
 * service that fails again and again would fill the disk long before they are old. */
typedef struct PodKeep {
        uint64_t pods;  /* so many at most; the last one always stays */
        uint64_t bytes; /* and no more than fit into that */
} PodKeep;

#define POD_KEEP_DEFAULT ((PodKeep) { .pods = 5, .bytes = UINT64_C(1) << 30 })

/* Removes those beyond, of all pods, or only of those that belong together with one. Passes over those that somebody
 * holds. Goes on after errors; returns the first. */
int pod_store_keep_last(PodStore *s, const Pod *like, const PodKeep *keep, const PodCollect *c);
