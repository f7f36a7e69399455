/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The journal is a socket, and a socket cannot be opened: programs that log to /dev/stdout, as many images have
 * theirs do, would fail with ENXIO. What they get is a pipe of their own, and a process behind it. It is not their
 * child, since they may be waiting for all they have, has no privileges, cannot be traced, and ends with the last who
 * could write. */
void app_relay_start(bool raw);
