/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Adds the mounts of a pod to its plan, in the order in which they have to be made. */

/* The mounts of every pod, whatever its apps. */
int plan_common_mounts(PodPlan *plan);
/* The app's root, its volumes, and files in its /etc. */
int plan_app_mounts(const PodPlan *plan, PlanApp *ret, const PlanImage *image);
