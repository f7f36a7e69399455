/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* What the options of a command line say about a pod and its apps, wherever the images are. All of these log. */

/* For a pod of this host; *ret is never NULL. */
int compose_said(const RunArgs *args, const RunApp *run, AppOptions **ret);
/* What is the app's, but not its image's to say. */
int compose_around(const RunArgs *args, const RunApp *run, AppcPod *pod, AppcPodApp *app);
/* Both, for an app whose image is not looked at: a manifest that is not made for a start has no more of it. */
int compose_words_of_app(const RunArgs *args, const RunApp *run, AppcPod *pod, AppcPodApp *app);
/* What they say about the pod itself, but for its ports, which need all apps. */
int compose_words_of_pod(const RunArgs *args, AppcPod *pod);
