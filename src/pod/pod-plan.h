/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* Making the plan: each file plan-SUBJECT.c makes its part of it. */

int pod_plan_new(const AppcPod *manifest, const PodSettings *settings, const PlanImages *images, const char *uuid,
                 const char *directory, PodPlan **ret, char **reterr_message);
PodPlan *pod_plan_free(PodPlan *plan);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodPlan *, pod_plan_free);

const PlanApp *pod_plan_find_app(const PodPlan *plan, const char *name);

/* Of the pod's unit, in a pod without an init: what its app needs. */
int plan_app_properties(const PodPlan *plan, char ***properties);

void pod_plan_print(const PodPlan *plan, FILE *f);
