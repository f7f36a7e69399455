/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* Registers a pod with the metadata service, and gives its apps the service's URL. */

/* A socket of the host's network, made while we are in it, for finding out later which addresses are the host's own. */
int pod_register_probe(void);

/* Writes the registration (pod/registration.h), and the URL into the pod's settings and its apps' environments. Called
 * with the pod's networks up. probe: from pod_register_probe(). -ENOTCONN: the service does not run. -EHOSTUNREACH: no
 * network leads to the host. */
int pod_register(Pod *pod, PodPlan *plan, int probe, char **reterr_message);
/* Registers the manifest that is loaded, which has changed, and the app that came, or removes the one that went; either
 * may be NULL. Does nothing for a pod that is not registered. */
int pod_register_changes(const Pod *pod, const AppcPodApp *came, const char *went);
/* Does nothing for a pod that is not registered; may be repeated. */
int pod_unregister(const Pod *pod);
