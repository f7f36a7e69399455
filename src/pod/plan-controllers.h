/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* The cgroup controllers that a host has, and what a plan needs of them: without a controller, systemd ignores the
 * properties that need it (systemd.resource-control(5)). */

/* The names of those that systemd's properties need and this host has not; an empty list: it has all. */
int controllers_missing(char ***ret);

/* Adds a line for each missing controller that a limit of the plan needs. */
int plan_without_controllers(const PodPlan *plan, char *const *missing, char ***lines);
/* The same of one app. */
int app_without_controllers(const PlanApp *app, char *const *missing, char ***lines);
