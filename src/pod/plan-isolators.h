/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Isolators as systemd properties: those of an app become lines of its unit inside the pod, those of the pod
 * properties of its unit on the host. What we do not carry out is named in *ignored, a line each, since the
 * specification lets an executor ignore isolators only if it says so. */

/* *capabilities: the app's bounding set. */
int plan_app_isolators(const AppcPodApp *app, char ***capabilities, char ***lines, char ***ignored);
int plan_pod_isolators(const AppcPod *pod, char ***properties, char ***ignored);
