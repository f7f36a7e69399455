/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <signal.h>

#include "basic/macro.h"

/* "SIGTERM", "TERM", "sigterm", "15", "SIGRTMIN+3", "RTMAX-3": as Docker and podman accept them. -EINVAL: not a
 * signal. */
int signal_from_string(const char *s);
