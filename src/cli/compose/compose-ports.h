/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* What --port= says, for a pod whose apps are complete: NAME:[IP:]PORT, or the numbers of manifest/port-mapping.h, for
 * which no app needs to have a port. Logs. */
int compose_ports(AppcPod *pod, char *const *texts);
