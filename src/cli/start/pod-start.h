/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "pod/pod-prepare.h"

/* How a prepared pod becomes a running one: in a transient unit of its own (podctl run), in place of the main process
 * of a service of the user's, or in place of that of pod@.service. All of these log. */

typedef struct StartOptions {
        bool detach;      /* until the pod is ready, and not until it has ended */
        bool interactive; /* our terminal is the pod's */
} StartOptions;

/* Whether this process is the main one of a service that the pod runs in the place of. With --detach not where the
 * service waits for the process to exit (Type=oneshot, forking): it would wait for the pod's end, and perhaps the boot
 * with it. */
bool pod_takes_our_place(bool detach);

/* Turns this process into the pod. Holds the pod's lock and hands it on. Returns only on failure. The plan is changed
 * on the way; NULL: it is made of the pod on disk. */
int pod_launch(Pod *pod, PodPlan *plan);

/* The same in a service of the user's own, which knows nothing of clearing away after a pod: a unit of ours is bound
 * to it for that. */
int pod_launch_in_place(Context *c, Pod *pod, PodPlan *plan);

/* Makes a transient unit that does so, and either waits until the pod is ready or until it has ended. The exit
 * status of the pod, or of podctl. */
int pod_start_unit(Context *c, Pod *pod, const PodPlan *plan, const StartOptions *options);

/* The pod of a manifest file, in place; for pod@.service. */
int run_pod_of_unit(Context *c, const char *name, const char *manifest_path);
