/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Checks, before anything is started, whether the demands of a manifest can be met at all. -EINVAL: no, and the message
 * says why. */

/* Checks each app on its own. */
int plan_check_apps(const AppcPod *pod, JsonError *e);
/* Whether systemd knows it; its name may begin with "CAP_". */
bool plan_capability_is_known(const char *name);
/* Checks capabilities against those that systemd knows; call it after plan_app_isolators(). */
int plan_check_capabilities(const PodPlan *plan, char **reterr_message);
/* Checks that the order of starting apps names only apps of the pod, and has no circle. */
/* Volumes whose mounts the engine cannot give back to the host. */
int plan_check_volumes(const PodPlan *plan, char **reterr_message);
int plan_check_order(const PodPlan *plan, char **reterr_message);
