/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "pod/pod.h"

/* Hands a pod's lock from the process that made the pod to the main process of its unit, so that it is held at every
 * moment: the maker listens on a socket in the pod's directory, which is root's, and keeps the lock until the other
 * process has reported that it has it. (pidfd_getfd(2) would need no socket, but is forbidden to everybody where
 * kernel.yama.ptrace_scope is 3.) */

typedef struct PodHandover PodHandover;

/* Closes the pod's descriptor once it is handed over, since ours would keep the pod from ever looking exited. Pod and
 * event loop stay the caller's. */
int pod_handover_new(sd_event *event, Pod *pod, PodHandover **ret);
PodHandover *pod_handover_free(PodHandover *h);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodHandover *, pod_handover_free);

/* The other end. -ECONNREFUSED, -ENOENT, -ECONNRESET: the maker has gone. */
int pod_handover_take(Pod *pod);
