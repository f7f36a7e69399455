/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The journal is a socket, and a socket cannot be opened: programs that log to /dev/stdout, as in many images, would
 * fail with ENXIO. So apps get pipes, and a process that relays their output. It is not a child of the app, which may
 * wait for all its children; it has no privileges, cannot be traced, and ends when no process is left that could
 * write. argc and argv are the program's, for the title of that process. */
void app_relay_start(const char *kind, int argc, char *argv[]);

/* Where the output goes. */
#define RELAY_POD "pod"   /* to the pod's journal; also any word that is not among these */
#define RELAY_HOST "host" /* to the host's */
#define RELAY_BOTH "both"
#define RELAY_NONE "none" /* to no journal */
