/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Where rkt ran images otherwise than Docker does, podctl does as Docker, which most images are made for, and under the
 * name "rkt" as rkt, for scripts that lean on it. podctl-from-rkt(7) has the same table for the user. */
typedef enum RktWay {
        RKT_WAY_GROUP,     /* a user without a group that the image does not list has the group of its number, not 0 */
        RKT_WAY_HOME,      /* HOME, USER and LOGNAME that nobody sets are root's, not the user's */
        RKT_WAY_IMAGE_ETC, /* /etc/hosts and /etc/hostname of an image stay, name service only if asked for */
        _RKT_WAY_MAX,
} RktWay;

/* Whether it is done in rkt's way. */
bool rkt_way(RktWay way);

/* Those that change what an OCI or Docker image says of its app. To be called when the apps of the images are in the
 * manifest. */
int rkt_ways_apply(AppcPod *pod);
