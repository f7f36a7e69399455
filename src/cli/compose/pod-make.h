/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "pod/pod-prepare.h"

/* From a command line to a pod on disk, for run and its two halves, prepare and run-prepared. All of these log. */

/* Composes the pod, fetching what it needs, and writes it: *ret is in the preparing state, locked by us. With to_start
 * its settings also contain everything that the start needs. With --dry-run the plan is printed, and *ret is left
 * alone. Nothing is left of a pod that could not be made. ret_plan, unless NULL, is for the start; the pod must outlive
 * it. */
int pod_make(Context *c, const RunArgs *args, bool to_start, Pod **ret, PodPlan **ret_plan);

/* Copies those settings that are part of the pod, and not of an earlier start. NULL: out of memory. */
PodSettings *pod_settings_renew(const PodSettings *old);

/* Adds the options of the start to settings that do not have any of them yet. */
int pod_settings_for_start(Context *c, const RunArgs *args, const AppcPod *manifest, PodSettings *settings);

/* What 'podctl run' does with its command line: the pod is made and started (cli/verbs/verb-run.c). */
int run_new_pod(Context *c, const RunArgs *args);
