/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* Whether the launcher of an app has become the app. The service manager does not say that: to it, the launcher is the
 * app. But the launcher has a file open for what keeps it from that (pod_app_start_failure()), until the one or the
 * other. */

/* A descriptor to wait with, from before the app's start. Only for an app of a pod with an init. Negative: there is
 * none, where too many others watch something (inotify(7), max_user_instances); nobody waits then, and what is written
 * later is not heard. */
int start_outcome_watch(const Pod *pod);
/* 1: it could not be started, and has ended with that; *ret_why says why. 0: nothing is known against it. */
int start_outcome_wait(const Pod *pod, const char *app, int watch, char **ret_why);
