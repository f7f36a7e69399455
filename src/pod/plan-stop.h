/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Sets how long the app and its event handlers may take to end. */
void plan_stop_init(PlanApp *app);

/* Adds TimeoutStopSec= of the pod's unit, where podctl makes the unit: more than all of its apps need, one after
 * another where they depend on each other. */
int plan_stop_property(PodPlan *plan);

/* The property for apps that need so many seconds, -1: without a limit. NULL: what pod@.service has is enough. */
int plan_stop_format(int64_t span, char **ret);

/* Shortens the apps' times so that they end before the time of the unit, in seconds, is over: otherwise their exit
 * statuses could not be recorded. Adds a line to plan->ignored for each app that has less time than it asks for. */
int plan_stop_limit(PodPlan *plan, int64_t unit_timeout);
