/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "shared/bus.h"

/* A connection to the service manager of a pod itself, over the socket that systemctl uses as root: it needs no bus in
 * there, and nobody who knows the machine. There are no bus names on it, so nothing that is bound to the one who asks
 * (AddRef=); signals come without being asked for. */

/* Leader is the pod's PID 1, as the host numbers it. -ECONNREFUSED, -ENOENT: its systemd is not up yet or any more. */
int manager_connect(pid_t leader, sd_bus **ret);
