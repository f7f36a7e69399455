/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"
#include "shared/bus.h"

/* Connects to the service manager of a running pod; without an init of its own, that is the host's. One that has only
 * just been started may not be up yet, and is waited for. Logs. */
int pod_connect(Pod *pod, sd_bus **ret);
