/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Isolators as systemd properties: those of an app become lines of its unit inside the pod, those of the pod
 * properties of its unit on the host. What we do not carry out is named in *ignored, a line each, since the
 * specification lets an executor ignore isolators only if it says so. */

/* Fills in capabilities, the app's bounding set, limits, apparmor and selinux. */
int plan_app_isolators(PlanApp *app, char ***ignored);
/* Docker's word for what takes away each capability. */
bool plan_removes_all(const Isolator *remove);
/* Whether every app has it that nobody says anything of; with or without "CAP_". */
bool plan_capability_is_usual(const char *name);
/* -EINVAL with a message: a kernel parameter that a pod has not for itself. */
int plan_check_sysctls(const PodPlan *plan, char **reterr_message);
/* -EINVAL with a message: a bandwidth that nobody can keep to, or of something that is not the pod's own. */
int plan_check_bandwidth(const PodPlan *plan, char **reterr_message);
int plan_pod_isolators(const PodPlan *plan, char ***properties, char ***ignored);
/* Bytes a second that each link of the pod is limited to; 0: none. */
uint64_t plan_network_bandwidth(const PodPlan *plan);
