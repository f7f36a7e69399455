/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/compose/run-args.h"
#include "manifest/appc-pod.h"

/* Applies --credential= and --credential-encrypted=, for the app and for all apps; the app's own take precedence.
 * Logs. */
int compose_credentials(const RunArgs *args, const RunApp *run, AppcPodApp *app);
/* Seconds, at least one; -1 for infinity. -EINVAL: it is not such a time. */
int stop_timeout_parse(const char *text, int64_t *ret);
/* Applies --stop-signal= and --stop-timeout=. Logs. */
int compose_stop(const AppOptions *said, App *app);
/* Applies --socket-activated=: names of the app's ports; one like "80-tcp" is made if the image does not have it.
 * Logs. */
int compose_sockets(const AppOptions *said, AppcPodApp *app);
