/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Isolators as systemd properties: those of an app become lines of its unit inside the pod, those of the pod become
 * properties of its unit on the host. Isolators that are not applied are named in *ignored, one per line, since the
 * specification lets an executor ignore isolators only if it reports them. */

/* Fills in capabilities, the app's bounding set, limits, apparmor and selinux. */
int plan_app_isolators(PlanApp *app, char ***ignored);
/* Thousandths of a CPU as systemd has them, a percentage; at least one. */
int plan_cpu_quota(int64_t thousandths, char ***lines);
/* Whether it removes every capability: Docker's "all". */
bool plan_removes_all(const Isolator *remove);
/* Whether apps have the capability by default; its name may begin with "CAP_". */
bool plan_capability_is_usual(const char *name);
/* -EINVAL with a message: a kernel parameter of which a pod does not have its own. */
int plan_check_sysctls(const PodPlan *plan, char **reterr_message);
/* -EINVAL with a message: a limit of 0, or a limit on the bandwidth of a network that is not the pod's own. */
int plan_check_bandwidth(const PodPlan *plan, char **reterr_message);
int plan_pod_isolators(const PodPlan *plan, char ***properties, char ***ignored);
/* The limit of each network link of the pod, in bytes per second; 0: none. */
uint64_t plan_network_bandwidth(const PodPlan *plan);
