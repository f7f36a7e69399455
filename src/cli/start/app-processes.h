/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* The processes of a running pod's apps, from the control groups that the apps are in. */

/* The control group that all services of the pod are in, beside that of its PID 1. Returns the directory's fd. */
int pod_services_open(const Pod *pod);
/* The processes of an app, as the host numbers them, in text; not the one that carries its output to the journal. */
int app_processes(int services, const char *app, char ***ret);
