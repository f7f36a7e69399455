/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "foreign/kube/kube-pod.h"
#include "shared/bus.h"

/* pod@NAME.timer, which starts a pod when its CronJob says. It goes with the file of pods.d: podctl create and edit
 * write it, podctl delete removes it. One that somebody else wrote stays as it is. */

/* The text of the unit. *ret stays NULL when there is none to be: without a timer, or while it is suspended. Path: the
 * pod's file, in messages. Logs. */
int pod_timer_format(const char *path, const char *name, const KubeTimer *timer, char **ret);

/* Writes the unit or, where text is NULL, stops and removes it. *changed is set if systemd has to read its units
 * again. Logs. */
int pod_timer_put(Context *c, const char *name, const char *text, bool *changed);

/* Stops and disables it, forgets when it started the pod last, and removes it, if it is ours. Logs. */
int pod_timer_remove(sd_bus *bus, const char *name);

/* Says that nothing starts the pod by its schedule, if that is so. of_pods_d: the file is there. */
void pod_timer_warn_if_missing(const char *path, const char *name, bool of_pods_d);
