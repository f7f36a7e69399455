/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/strv.h"
#include "shared/bus.h"

/* Watches one service unit from its start to its end, over signals on an event loop, the way `systemd-run --wait`
 * does: JobRemoved reports how the start went, PropertiesChanged that the unit is worth another look. */

#define _cleanup_event_ _cleanup_(sd_event_unrefp)

typedef struct UnitStatus {
        bool active;       /* there and not ended: starting, running or stopping */
        bool running;      /* started, as far as the unit's Type= shows it */
        bool failed;
        int exit_code;     /* CLD_EXITED, CLD_KILLED, …; 0 while the main process is alive */
        int exit_status;   /* exit status or signal */
        uint32_t main_pid;
        uint32_t restarts; /* by Restart=; a start by anybody else begins at 0 */
        char *result;      /* "success", "exit-code", "signal", … */
        char *status_text; /* the service's last STATUS= */
} UnitStatus;

void unit_status_done(UnitStatus *s);

/* -ENOENT: no such unit is loaded. */
int unit_get_status(sd_bus *bus, const char *unit, UnitStatus *ret);

/* Whether the unit has no file, but was made over D-Bus. A unit that is not loaded, and has no file, counts as one. */
int unit_is_transient(sd_bus *bus, const char *unit, int *ret);

/* TimeoutStopSec= of a loaded service, microseconds; UINT64_MAX: infinity. */
int unit_stop_timeout(const char *unit, uint64_t *ret);
/* Type= of a loaded service. */
int unit_service_type(const char *unit, char **ret);
/* KillMode= of a loaded service. */
int unit_kill_mode(const char *unit, char **ret);

typedef struct UnitWait UnitWait;

/* Must be made before the unit is started, so that nothing is missed. The bus is attached to the event loop; it may be
 * a connection to the service manager itself (unit/manager-connect.h). */
int unit_wait_new(sd_bus *bus, sd_event *event, const char *unit, UnitWait **ret);
UnitWait *unit_wait_free(UnitWait *w);
DEFINE_TRIVIAL_CLEANUP_FUNC(UnitWait *, unit_wait_free);

/* Runs the loop until systemd has removed a unit of that name since the last call, so that there can be a new one.
 * -ETIMEDOUT: not before the deadline, a time of now_monotonic_usec(). */
int unit_wait_removed(UnitWait *w, uint64_t deadline);
/* Runs the loop until the start job is done. The result is the job's: "done", "failed", …; owned by the waiter. */
int unit_wait_started(UnitWait *w, const char *job, const char **ret_result);
/* Runs the loop until the unit has ended, and returns its last status. */
int unit_wait_ended(UnitWait *w, UnitStatus *ret);
