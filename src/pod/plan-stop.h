/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* How long the app and its event handlers have. */
void plan_stop_init(PlanApp *app);

/* TimeoutStopSec= of the pod's unit, where that is ours to make: more than all of its apps need, one after another
 * where they depend on each other. */
int plan_stop_property(PodPlan *plan);

/* Apps end before their unit's time is over, in seconds, or nobody could note how they ended. A line for each that has
 * less time than it asks for is added to plan->ignored. */
int plan_stop_limit(PodPlan *plan, int64_t unit_timeout);
