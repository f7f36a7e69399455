/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The journal is a socket, and a socket cannot be opened: programs that log to /dev/stdout, as in many images, would
 * fail with ENXIO. So apps get pipes, and a process that relays their output. It is not a child of the app, which may
 * wait for all its children; it has no privileges, cannot be traced, and ends when no process is left that could
 * write. */
void app_relay_start(bool raw);
