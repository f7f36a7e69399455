/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* The apps of a sandbox, as units of the pod's own systemd. All of these log. */

/* Kills those of all containers, and waits for none: for a pod that is about to end. */
void cri_apps_kill(Pod *pod);

/* Sends the signal to the app's main process, gives it this time to end, and kills what is left then. Returns when how
 * it has ended is on record; at once for one that does not run. */
int cri_app_stop(Pod *pod, const char *app, int signal, uint64_t timeout_usec);
