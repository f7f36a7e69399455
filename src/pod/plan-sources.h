/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* The part of a plan that depends on the host's files: whether the sources of its volumes exist, and which of them are
 * devices. Devices are added to those that the pod's unit, and without a user namespace also the app's, may use
 * (DeviceAllow=). In a user namespace an app cannot make devices, and has only those that are mounted for it.
 *
 * Continues after errors and returns the first: for a pod that already runs, only the sources that still exist count.
 * -ENOENT: a source does not exist. -ENODEV: it should be a device, or a directory of devices, and is not. */
int plan_resolve_app_sources(const PodPlan *plan, PlanApp *app, char **reterr_message);
int plan_resolve_sources(PodPlan *plan, char **reterr_message);

/* -EINVAL with a message: the source is something else than its type says. */
int plan_explain_format(const PlanMount *m, char **reterr_message);

/* Directories are only searched where devices can be: on a tmpfs that may contain some, like /dev. */
bool source_may_have_devices(int directory_fd);
