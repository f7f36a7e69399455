/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "pod/pod.h"

/* What the apps of a pod write, on our standard output and error while we wait for the pod: of one app byte for byte,
 * of several line by line with their names. It comes on sockets, see inside/app-output.h, at the pace of our reader;
 * when that one goes, the pod goes on. */

typedef struct PodOutput PodOutput;

/* Listens in the pod's directory. The pod is not started yet. */
int pod_output_new(sd_event *event, const Pod *pod, PodOutput **ret);
PodOutput *pod_output_free(PodOutput *o);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodOutput *, pod_output_free);

/* The pod has ended: writes what is still to come, and waits for its reader. Fails when something could not be
 * written, but for that nobody reads any more. */
int pod_output_finish(PodOutput *o);
