/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Whether what a manifest asks for can be had at all, before anything is planned or started. -EINVAL: no, and the
 * message says why. */

/* Each app for itself. */
int plan_check_apps(const AppcPod *pod, JsonError *e);
/* Against the capabilities that systemd knows; after plan_app_isolators(). */
int plan_check_capabilities(const PodPlan *plan, char **reterr_message);
/* Which app starts after which, and that this ends. */
int plan_check_order(const PodPlan *plan, char **reterr_message);
