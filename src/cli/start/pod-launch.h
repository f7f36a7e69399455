/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "pod/pod-prepare.h"

/* What the main process of a unit does to become a pod. All of these log their errors. */

/* Prefix of the STATUS= that a failed launch sends, so that clients can distinguish it from nspawn's. */
#define POD_STATUS_PREFIX "podctl: "

/* Turns this process into the pod. Holds the pod's lock and hands it on. Returns only on failure. Changes the plan;
 * NULL: it is made from the pod on disk. */
int pod_launch(Pod *pod, PodPlan *plan);

/* The same in a service of the user's own, which does not clean up after a pod: a unit of ours that is bound to it
 * does. */
int pod_launch_in_place(Context *c, Pod *pod, PodPlan *plan);

/* Tells which of the pod's settings have no effect on this host. */
void pod_warn_of_host(const Pod *pod, const PodPlan *plan);
/* And which of an app that is added to one. */
void app_warn_of_host(const PlanApp *app);

/* Whether the name is that of a pod whose apps have ended. */
bool pod_name_is_ending(const char *name, Uuid *ret);
