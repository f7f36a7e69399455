/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"
#include "unit/usage.h"

/* What a running pod uses, and each of its apps, read from their control groups and from the pod's network. */

typedef struct AppUsage {
        char *app;
        Usage usage;    /* without the network, which apps share */
} AppUsage;

typedef struct PodUsage {
        Uuid uuid;
        char *name;     /* as pod_display_name() */
        Usage usage;    /* of the pod's unit, with all that is in it; no network if it has the host's */
        AppUsage *apps; /* those that run, in the order of the manifest */
        size_t n_apps;
} PodUsage;

/* The control group of the pod's unit, which is not in the pod's hands: "/machine.slice/podctl-web.service". -ENOENT,
 * -ESRCH: the pod is not there yet, or no longer. */
int pod_group_name(const Pod *pod, char **ret);
/* The control group of the pod's unit, which the pod cannot change. Returns the directory's fd. -ENOENT, -ESRCH: the
 * pod is not there yet, or no longer. */
int pod_group_open(const Pod *pod);
/* That of an app. -ENOENT also: the app does not run. */
int pod_app_group_open(const Pod *pod, const char *app);
/* The /proc/PID of a process that has the pod's network; a directory's fd. -ENOENT: it has that of the host; other
 * errors: the pod does not run. */
int pod_network_open(const Pod *pod);

/* The pod is loaded. -ENOENT, -ENODEV, -ESRCH: it does not run. */
int pod_usage_read(Pod *pod, PodUsage **ret);
PodUsage *pod_usage_free(PodUsage *u);
DEFINE_TRIVIAL_CLEANUP_FUNC(PodUsage *, pod_usage_free);

/* NULL: the app is not among them. */
const Usage *pod_usage_of_app(const PodUsage *u, const char *app);
