/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* The journal is a socket, and a socket cannot be opened: programs that log to /dev/stdout, as in many images, would
 * fail with ENXIO. So apps get pipes, and a process that relays their output. It is not a child of the app, which may
 * wait for all its children; it has no privileges, cannot be traced, and ends when no process is left that could
 * write. Where the app has a PID namespace, the process is outside of that, and so out of its reach. */

/* The name of such a process. */
#define RELAY_TITLE "podctl-output"

/* The pipes of an app. */
typedef struct AppRelay {
        int out[2], err[2];
        bool open;
} AppRelay;

/* Makes the pipes, which the user of the app can open by name, if standard output and error are the journal. Dies if
 * that fails. */
void app_relay_open(AppRelay *r, uid_t uid);
/* This process is the relay of the app, which is what pidfd_open(2) returned, from now on, and ends as that. argc and
 * argv are the program's, for its title. kind: where the output goes. */
__attribute__((noreturn)) void app_relay_become(const AppRelay *r, const char *kind, int app, int argc, char *argv[]);
/* Starts a process that becomes the relay of this one. The same user has to be its. */
void app_relay_start(const AppRelay *r, const char *kind, int argc, char *argv[]);
/* In the app: puts the ends of the pipes in place. */
void app_relay_connect(AppRelay *r);

/* Where the output goes. */
#define RELAY_POD "pod"   /* to the pod's journal; also any word that is not among these */
#define RELAY_HOST "host" /* to the host's */
#define RELAY_BOTH "both"
#define RELAY_NONE "none" /* to no journal */
