/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/terminal/attachment.h"
#include "pod/pod.h"

/* Who starts a pod to be attached to its app from the start: the app's server connects to a socket in the pod's
 * directory, and the app waits for that (inside/app-attach.c). If the server is replaced, it connects again. */

typedef struct AttachedRun AttachedRun;

/* Listens. The pod is not started yet. The keys are those that detach; then left is called, once. */
int attached_run_new(sd_event *event, const Pod *pod, const DetachKeys *keys, void (*left)(void *userdata),
                     void *userdata, AttachedRun **ret);
/* Writes what has come, and gives the user's terminal back. An error: some of the output could not be written. */
int attached_run_finish(AttachedRun *a);
/* The same, if it was not done. */
AttachedRun *attached_run_free(AttachedRun *a);
DEFINE_TRIVIAL_CLEANUP_FUNC(AttachedRun *, attached_run_free);
