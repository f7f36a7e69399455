/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-gc.h"

/* Only the last few ended pods of a unit (or of a name, where the settings have no unit) are kept: those of a service
 * that fails again and again would fill the disk long before they are old. */
typedef struct PodKeep {
        uint64_t pods;  /* at most this many; the last one always stays */
        uint64_t bytes; /* at most this many bytes together */
} PodKeep;

#define POD_KEEP_DEFAULT ((PodKeep) { .pods = 5, .bytes = UINT64_C(1) << 30 })

/* Removes the pods beyond these limits, of all units, or only of the unit of like. Passes over pods that another
 * process holds. Continues after errors and returns the first. */
int pod_store_keep_last(PodStore *s, const Pod *like, const PodKeep *keep, const PodCollect *c);

/* The space on disk of the pod's directory, with what its apps have written, but without named volumes and images.
 * UINT64_MAX: it cannot be known (basic/tree-size.h). */
int pod_measure(const Pod *p, uint64_t *ret);
