/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "shared/bus.h"

/* A direct connection to the service manager of a pod, over the socket that systemctl uses as root: it needs no bus in
 * the pod, and no machined. There are no bus names on it, so nothing works that is bound to a client's name (AddRef=);
 * signals arrive without a subscription. */

/* leader is the pod's PID 1, as the host numbers it. -ECONNREFUSED, -ENOENT: its systemd is not up yet, or no
 * longer. */
int manager_connect(pid_t leader, sd_bus **ret);
