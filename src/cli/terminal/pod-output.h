/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "pod/pod.h"

/* Prints what the apps of a pod write on our standard output and error while we wait for the pod: for one app byte for
 * byte, for several, and in a mutable pod, line by line with their names. It comes on sockets, see inside/app-output.h,
 * at the pace of our reader; when the reader goes, the pod goes on. */

typedef struct PodOutput PodOutput;

/* Listens in the pod's directory. The pod is not started yet. */
int pod_output_new(sd_event *event, const Pod *pod, PodOutput **ret);
/* Has a function called, at most once, when all apps have ended for good; with the pod's exit status that follows from
 * their ends. Nothing of this comes from a pod of which an app was never started. */
void pod_output_on_ends(PodOutput *o, void (*all_ended)(int exit_status, void *userdata), void *userdata);
PodOutput *pod_output_free(PodOutput *o);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodOutput *, pod_output_free);

/* The pod has ended, or all its apps have: writes what is still to come, and waits for the reader. Fails if something
 * could not be written, unless the reader has gone. */
int pod_output_finish(PodOutput *o);
