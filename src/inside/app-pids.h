/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "inside/launch-options.h"

/* PID namespaces of apps (pid_namespaces(7)). Programs in one see and reach no process of another app, whoever they
 * are. Its first process is a small one of ours, "podctl-init": it collects what nobody waits for, and a program that
 * sets no handler for SIGTERM still ends by it, which it would not as the first process of a namespace. */

/* Words of --pids=. For the app itself: it goes on in a new process that PID 1 takes for the main process of the app's
 * unit from now on, as if there were no namespace: signals, exit status, readiness. NotifyAccess= has to be "main" or
 * "all" (systemd.service(5)). */
#define PIDS_MAIN "main"
#define PIDS_NOTIFY "notify" /* the app itself says when it is ready: see notify-relay.h */
/* There is no namespace; PID 1 is told when the app starts, as for the others. */
#define PIDS_HOST "host"
/* There is no namespace, and the app itself says when it is ready. */
#define PIDS_POD_NOTIFY "pod-notify"
/* For what runs at other times: it goes on as app_follow() says. */
#define PIDS_BESIDE "beside"

/* Does what l->pids says, and gives the app a /proc of its namespace. Dies if that fails. Does nothing without the
 * option. argc and argv are the program's, for the title of the first process. */
void app_pids_part(LaunchOptions *l, int argc, char *argv[]);

/* When nothing but the program itself is left to start: tells PID 1, unless the app does that itself, and waits until
 * it knows. What that needs is made before the app's limits apply. */
void app_pids_prepare(LaunchOptions *l);
void app_pids_ready(LaunchOptions *l);
