/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod-plan.h"
#include "pod/pod.h"

/* The app that a command is for, of a loaded pod: that of this name, or the only one if name is NULL. Logs why there is
 * none. */
int choose_app(Pod *pod, const char *name, const AppcPodApp **ret);
/* The same, as it is in the pod's plan. */
int choose_planned_app(Pod *pod, const PodPlan *plan, const char *name, const PlanApp **ret);
/* Refuses a pod without any. */
int check_has_apps(const AppcPod *manifest, const char *pod_name);
