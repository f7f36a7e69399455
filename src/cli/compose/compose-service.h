/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* What --credential= and --credential-encrypted= say, for the app and for all apps; an app's own go first. Logs. */
int compose_credentials(const RunArgs *args, const RunApp *run, AppcPodApp *app);
/* What --stop-signal= and --stop-timeout= say. Logs. */
int compose_stop(const RunApp *run, App *app);
/* What --socket-activated= says: names of the app's ports; one like "80-tcp" is made where the image has none. Logs. */
int compose_sockets(const RunApp *run, AppcPodApp *app);
