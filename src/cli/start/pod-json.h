/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/terminal/results.h"
#include "pod/pod.h"

/* A pod as rkt's list and status print it in JSON (its Documentation/subcommands/list.md): "name" is the UUID, times of
 * apps are nanoseconds, those of the pod seconds. Ours are "machine" (the pod's name), "unit", "ports" and
 * "exit_code" of the pod. */
json_object *pod_to_json(Pod *pod);

/* One of its apps, as it is in there. */
json_object *pod_app_to_json(const Pod *pod, const AppcPodApp *app);

/* Whether the app runs and has a health check; *ret is what that found last. */
bool pod_app_is_checked(const Pod *pod, const AppcPodApp *app, PodHealth *ret);
/* One word for all of it: the status, or "not-ready" for an app that is healthy. */
const char *pod_health_word(const PodHealth *health);

/* "running", "exited" … of one app. */
const char *pod_app_state(const Pod *pod, const char *app);
