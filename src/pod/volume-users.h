/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* The pods that name volumes of the host, but for those that are garbage: nothing else says who uses them. A pod that
 * is being prepared counts as soon as it has a manifest. */

typedef struct VolumeUse {
        char *volume;
        char *pod; /* its name, or UUID */
        PodState state;
} VolumeUse;

typedef struct VolumeUses {
        VolumeUse *items;
        size_t n;
} VolumeUses;

/* Of one volume, or with NULL of all. In the order of the pods; a pod that cannot be read is left out. */
int volume_find_uses(PodStore *s, const char *volume, VolumeUses *ret);
void volume_uses_done(VolumeUses *u);
