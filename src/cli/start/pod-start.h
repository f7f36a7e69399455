/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/start/pod-launch.h"
#include "pod/pod-prepare.h"

/* How a prepared pod becomes a running one: in a transient unit of its own (podctl run), in place of the main process
 * of a service of the user's, or in place of that of pod@.service. All of these log their errors. */

typedef struct StartOptions {
        bool detach;      /* until the pod is ready, and not until it has ended */
        bool interactive; /* our terminal or streams are the app's */
        int *ret_interrupt; /* unless NULL: set to the signal that made us stop the pod, if one did */
        char *detach_keys; /* as the user says them; NULL: DETACH_KEYS_DEFAULT */
} StartOptions;

/* Whether this process is the main process of a service, so that the pod takes its place. With --detach, it is not if
 * the service waits for that process to exit (Type=oneshot, forking): it would wait for the pod's end, and perhaps the
 * boot with it. */
bool pod_takes_our_place(bool detach);

/* Makes a transient unit that does the same, and waits until the pod is ready or until it has ended. Returns the exit
 * status of the pod, or of podctl. */
int pod_start_unit(Context *c, Pod *pod, const PodPlan *plan, const StartOptions *options);

/* The pod of a manifest file, in place; for pod@.service. */
int run_pod_of_unit(Context *c, const char *name, const char *manifest_path);
