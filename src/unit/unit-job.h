/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "shared/bus.h"

/* Jobs of systemd's, from their requests to their ends: org.freedesktop.systemd1(5), StartUnit() and its siblings. */

/* Calls "StartUnit", "StopUnit" or "RestartUnit" and waits until the job is done. *ret_result is the job's: "done",
 * "failed", "dependency", …. Errors of the call come with *reterr_error. */
int unit_job_run(sd_bus *bus, const char *member, const char *unit, char **ret_result, sd_bus_error *reterr_error);

/* The jobs of many units side by side. One connection and one match do for all of them, since a bus limits what a
 * connection matches and how many replies it waits for (dbus-daemon(1), "max_match_rules_per_connection" and
 * "max_replies_per_connection"). */

typedef struct UnitJob {
        const char *unit;   /* lives as long as the job */
        bool kill;          /* all its processes, with SIGKILL, before the job */
        bool killed;        /* they were */
        bool done;
        int r;              /* once it is done: of the last call */
        sd_bus_error error; /* of the last call */
        char *result;       /* of the job, if there was one: "done", "failed", … */

        /* Of unit-job.c */
        char *path;
        char **early;       /* results of jobs that ended before the reply that names ours */
        sd_bus_slot *slot;
        struct UnitJobs *jobs;
} UnitJob;

typedef struct UnitJobs UnitJobs;

/* The bus is attached to the loop. member: "StopUnit", "RestartUnit", …. at_once: how many jobs there are at any time;
 * 0: no limit. */
int unit_jobs_new(sd_bus *bus, sd_event *event, const char *member, size_t at_once, UnitJobs **ret);
UnitJobs *unit_jobs_free(UnitJobs *j);
DEFINE_TRIVIAL_CLEANUP_FUNC(UnitJobs *, unit_jobs_free);

/* Queues a job; those before it go first. It is there until all are freed. */
int unit_jobs_add(UnitJobs *j, const char *unit, bool kill, const UnitJob **ret);
/* Runs the loop, with all jobs, until this one is done. Negative: the loop or the connection failed; a job that failed
 * says so itself. */
int unit_jobs_wait(UnitJobs *j, const UnitJob *job);

/* Calls on_job() for the signal JobNew of each unit, while the caller processes the bus: also for the jobs by which
 * systemd restarts units itself. */
int unit_jobs_watch(sd_bus *bus, sd_bus_message_handler_t on_job, void *userdata, sd_bus_slot **ret);
