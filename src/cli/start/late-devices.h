/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "pod/plan.h"

/* Devices of apps that come late: the pod's unit has to allow them (DeviceAllow=), as it does those of its start. A
 * unit of podctl's is told while it runs; one that has a file is its owner's, and what is set for it would outlive the
 * pod. The pod's directory has what the unit allowed before, and what each late app needs in addition, so that the unit
 * allows no more once an app has gone. */

/* Both log. */
int late_devices_allow(Context *c, const Pod *pod, const PlanApp *app);
int late_devices_forget(Context *c, const Pod *pod, const char *app);
