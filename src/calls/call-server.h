/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "calls/call-method.h"

/* A service of calls over gRPC, each of which is a process. It keeps nothing, and ends when nobody uses it. */

typedef struct CallServer CallServer;

/* groups: tables of methods, each of which ends with an empty row; NULL ends them. They and the context, the global
 * options that calls start with, must outlive the server. */
int call_server_new(const CallMethod *const *groups, const Context *context, CallServer **ret);
CallServer *call_server_free(CallServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(CallServer *, call_server_free);

/* For what the owner serves beside; until SIGTERM, which ends it. */
sd_event *call_server_event(CallServer *s);
/* Takes over a listening socket, also on failure. */
int call_server_add(CallServer *s, int fd);
/* Serves until nobody has been connected for this time, 0: for ever. is_busy: whether the owner has something to do;
 * NULL: never. */
int call_server_run(CallServer *s, unsigned idle_seconds, bool (*is_busy)(void *userdata), void *userdata);
