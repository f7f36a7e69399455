/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* Apps that come to a pod, or leave it, while it runs. All is made in a mount namespace of our own, as at the start of
 * a pod, and then carried into the pod by a process that is in the pod's user namespace and has no power outside it, so
 * that nothing in the pod's tree can lead it astray. systemd there learns of the units when it reloads, which is the
 * caller's to ask for. The caller holds the pod's lock for changes (pod-change.h). */

/* The app is one of the plan's. *reterr_message says what is wrong. What a failure or a kill has left in the pod is for
 * late_app_remove(). */
int late_app_add(Pod *pod, const PodPlan *plan, const PlanApp *app, char **reterr_message);

/* Removes what is there of an app whose units do not run any more: its mounts, its files and its units. May be
 * repeated. What was mounted at the pod's start cannot be unmounted by anybody as long as the pod runs, and stays. */
int late_app_remove(Pod *pod, const char *name, char **reterr_message);
