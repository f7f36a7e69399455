/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "pod/pod-prepare.h"

/* From a command line to a pod on disk, for run and its two halves. All of these log. */

/* Composes the pod, fetching what it needs, and writes it: *ret is preparing, locked by us. With to_start its settings
 * say everything the start needs too. With --dry-run the plan is printed, and *ret left alone. Nothing is left of a pod
 * that could not be made. ret_plan, unless NULL, is for the start; the pod has to outlive it. */
int pod_make(Context *c, const RunArgs *args, bool to_start, Pod **ret, PodPlan **ret_plan);

/* Settings with what of these is part of the pod, and not of an earlier start. NULL: out of memory. */
PodSettings *pod_settings_renew(const PodSettings *old);

/* Adds what options of the start say to settings that have nothing of it yet. */
int pod_settings_for_start(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *settings);
