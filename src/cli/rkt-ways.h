/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Where rkt ran images differently from Docker, podctl does as Docker does, which most images are made for; under the
 * name "rkt" it does as rkt did, for scripts that rely on that. podctl-from-rkt(7) has the same table for users. */
typedef enum RktWay {
        RKT_WAY_GROUP,     /* a user without a group that the image does not list has the group of its number, not 0 */
        RKT_WAY_HOME,      /* HOME, USER and LOGNAME that are not set are root's, not the user's */
        RKT_WAY_IMAGE_ETC, /* /etc/hosts and /etc/hostname of an image stay, name service only if asked for */
        _RKT_WAY_MAX,
} RktWay;

/* Whether it is done in rkt's way. */
bool rkt_way(RktWay way);

/* Carries out the ways that change what an OCI or Docker image says of its app. To be called when the apps of the
 * images are in the manifest. */
int rkt_ways_apply(AppcPod *pod);
