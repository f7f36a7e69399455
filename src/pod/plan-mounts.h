/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* What is mounted where in a pod, added to its plan in the order in which it has to be made. */

/* What every pod has, whatever its apps. */
int plan_common_mounts(PodPlan *plan);
/* The app's root, its volumes, and files in its /etc. */
int plan_app_mounts(const PodPlan *plan, PlanApp *ret, const PlanImage *image);
