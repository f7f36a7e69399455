/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* Making a pod known to the metadata service, and its apps told where that is. */

/* A socket of the host's network, made while we are in it, that knows afterwards which addresses are the host's own. */
int pod_register_probe(void);

/* Writes the registration (pod/registration.h), and the URL into the pod's settings and its apps' environments.
 * Called with the pod's networks up. probe: from the above. -ENOTCONN: nobody serves. -EHOSTUNREACH: no network leads
 * to the host. */
int pod_register(Pod *pod, PodPlan *plan, int probe, char **reterr_message);
/* Does nothing for a pod that is not registered; may be repeated. */
int pod_unregister(const Pod *pod);
