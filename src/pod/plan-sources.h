/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/plan.h"

/* What a plan has to ask the host about before it is carried out: whether the sources of its volumes are there, and
 * which of them are devices. Those are added to what the pod's unit, and without a user namespace the app's as well,
 * may use (DeviceAllow=). In a user namespace an app can make no devices, and has but those that are mounted for it.
 *
 * Goes on after errors and returns the first: of a pod that runs already, only what is there still counts. -ENOENT: a
 * source is not there. -ENODEV: it should be a device, or a directory of devices, and is not. */
int plan_resolve_sources(PodPlan *plan, char **reterr_message);

/* Directories are only looked through where devices live: on a tmpfs that may have some, like /dev. */
bool source_may_have_devices(int directory_fd);
