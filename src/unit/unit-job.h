/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/bus.h"

/* One job of systemd's, from its request to its end: org.freedesktop.systemd1(5), StartUnit() and its siblings. */

/* Calls "StartUnit", "StopUnit" or "RestartUnit" and waits until the job is done. *ret_result is the job's: "done",
 * "failed", "dependency", …. Errors of the call come with *reterr_error. */
int unit_job_run(sd_bus *bus, const char *member, const char *unit, char **ret_result, sd_bus_error *reterr_error);

/* Calls on_job() for the signal JobNew of each unit, while the caller processes the bus: also for the jobs by which
 * systemd restarts units itself. */
int unit_jobs_watch(sd_bus *bus, sd_bus_message_handler_t on_job, void *userdata, sd_bus_slot **ret);
