/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Where rkt ran an OCI or Docker image otherwise than Docker does, podctl does as Docker, and under the name "rkt" as rkt:
 * scripts may count on it. podctl-from-rkt(7) has the same table for the user. To be called when the apps of the images
 * are in the manifest. */
int rkt_ways_apply(AppcPod *pod);
