/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "basic/strv.h"
#include "unit/quick-moves.h"
#include "unit/unit-events.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

/* A bus lets a connection wait for so many replies at once, at least. */
#define CALLS_AT_ONCE 64

struct UnitJobs {
        sd_bus *bus;
        sd_event *event;
        const char *member;
        size_t at_once;
        UnitJob **jobs;
        size_t n, room;
        size_t begun;   /* of jobs */
        size_t calling; /* wait for a reply */
        size_t done;
        sd_bus_slot *removed_slot;
};

static void pump(UnitJobs *j);

static UnitJob *unit_job_free(UnitJob *job)
{
        if (!job)
                return NULL;
        sd_bus_slot_unref(job->slot);
        sd_bus_error_free(&job->error);
        strv_free(job->early);
        free(job->result);
        free(job->path);
        return mfree(job);
}

UnitJobs *unit_jobs_free(UnitJobs *j)
{
        if (!j)
                return NULL;
        quick_moves_end();
        for (size_t i = 0; i < j->n; i++)
                unit_job_free(j->jobs[i]);
        free(j->jobs);
        sd_bus_slot_unref(j->removed_slot);
        (void) sd_bus_detach_event(j->bus);
        sd_bus_unref(j->bus);
        sd_event_unref(j->event);
        return mfree(j);
}

static void finish(UnitJob *job, int r)
{
        job->r = r;
        job->done = true;
        job->jobs->done++;
}

static void finish_with_result(UnitJob *job, const char *result)
{
        finish(job, free_and_strdup(&job->result, result));
}

/* A job that is waited for under several names, as two requests are merged into one, ends for all of them. */
static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        UnitJobs *j = userdata;
        const char *path, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
                return 0;
        for (size_t i = 0; i < j->begun; i++) {
                UnitJob *job = j->jobs[i];

                if (job->done || !streq(job->unit, unit))
                        continue;
                if (!job->path)
                        (void) strv_env_set(&job->early, path, result);
                else if (streq(job->path, path))
                        finish_with_result(job, result);
        }
        pump(j);
        return 0;
}

/* Ends the call. 0: its reply is good. */
static int take_reply(sd_bus_message *m, UnitJob *job)
{
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int r;

        job->slot = sd_bus_slot_unref(job->slot);
        job->jobs->calling--;
        if (!e)
                return 0;
        r = sd_bus_error_copy(&job->error, e);
        finish(job, r < 0 ? r : -EIO);
        return job->r;
}

static int on_job_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        UnitJob *job = userdata;
        const char *path, *result;
        int r = take_reply(m, job);

        if (r >= 0) {
                r = sd_bus_message_read(m, "o", &path);
                if (r >= 0)
                        r = free_and_strdup(&job->path, path);
                result = r < 0 ? NULL : strv_env_get(job->early, path);
                if (r < 0)
                        finish(job, r);
                else if (result)
                        finish_with_result(job, result);
        }
        pump(job->jobs);
        return 0;
}

static int call(UnitJob *job, sd_bus_message *m, sd_bus_message_handler_t on_reply)
{
        int r = sd_bus_call_async(job->jobs->bus, &job->slot, m, on_reply, job, 0);

        if (r >= 0)
                job->jobs->calling++;
        return r;
}

static int call_member(UnitJob *job)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        int r = bus_message_new(job->jobs->bus, &bus_systemd_manager, job->jobs->member, &m);

        if (r >= 0)
                r = sd_bus_message_append(m, "ss", job->unit, "replace");
        return r < 0 ? r : call(job, m, on_job_reply);
}

static int on_kill_reply(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        UnitJob *job = userdata;
        int r = take_reply(m, job);

        if (r >= 0) {
                job->killed = true;
                r = call_member(job);
                if (r < 0)
                        finish(job, r);
        }
        pump(job->jobs);
        return 0;
}

static int call_kill(UnitJob *job)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        int r = bus_message_new(job->jobs->bus, &bus_systemd_manager, "KillUnit", &m);

        if (r >= 0)
                r = sd_bus_message_append(m, "ssi", job->unit, "all", (int32_t) SIGKILL);
        return r < 0 ? r : call(job, m, on_kill_reply);
}

/* Begins as many as may be under way. */
static void pump(UnitJobs *j)
{
        while (j->begun < j->n && j->calling < CALLS_AT_ONCE &&
               (j->at_once == 0 || j->begun - j->done < j->at_once)) {
                UnitJob *job = j->jobs[j->begun++];
                int r = job->kill ? call_kill(job) : call_member(job);

                if (r < 0)
                        finish(job, r);
        }
}

int unit_jobs_new(sd_bus *bus, sd_event *event, const char *member, size_t at_once, UnitJobs **ret)
{
        _cleanup_(unit_jobs_freep) UnitJobs *j = new0(UnitJobs, 1);
        int r;

        if (!j)
                return -ENOMEM;
        quick_moves_begin();
        j->bus = sd_bus_ref(bus);
        j->event = sd_event_ref(event);
        j->member = member;
        j->at_once = at_once;
        r = sd_bus_match_signal_async(bus, &j->removed_slot, bus_systemd_manager.destination, bus_systemd_manager.path,
                                      bus_systemd_manager.interface, "JobRemoved", on_job_removed, NULL, j);
        if (r < 0)
                return r;
        r = unit_events_subscribe(bus);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(j);
        return 0;
}

int unit_jobs_add(UnitJobs *j, const char *unit, bool kill, const UnitJob **ret)
{
        UnitJob *job;
        int r = ARRAY_GROW(j->jobs, j->room, j->n, 1);

        if (r < 0)
                return r;
        job = new0(UnitJob, 1);
        if (!job)
                return -ENOMEM;
        *job = (UnitJob) { .unit = unit, .kill = kill, .jobs = j };
        j->jobs[j->n++] = job;
        pump(j);
        *ret = job;
        return 0;
}

int unit_jobs_wait(UnitJobs *j, const UnitJob *job)
{
        while (!job->done) {
                int r = unit_events_run(j->event, j->bus, UINT64_MAX);

                if (r < 0)
                        return r;
        }
        return 0;
}

int unit_job_run(sd_bus *bus, const char *member, const char *unit, char **ret_result, sd_bus_error *reterr_error)
{
        _cleanup_(unit_jobs_freep) UnitJobs *jobs = NULL;
        _cleanup_event_ sd_event *event = NULL;
        const UnitJob *job;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = unit_jobs_new(bus, event, member, 0, &jobs);
        if (r < 0)
                return r;
        r = unit_jobs_add(jobs, unit, false, &job);
        if (r >= 0)
                r = unit_jobs_wait(jobs, job);
        if (r < 0)
                return r;
        if (job->r < 0) {
                (void) sd_bus_error_copy(reterr_error, &job->error);
                return job->r;
        }
        *ret_result = strdup(job->result);
        return *ret_result ? 0 : -ENOMEM;
}

int unit_jobs_watch(sd_bus *bus, sd_bus_message_handler_t on_job, void *userdata, sd_bus_slot **ret)
{
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        int r = sd_bus_match_signal(bus, &slot, bus_systemd_manager.destination, bus_systemd_manager.path,
                                    bus_systemd_manager.interface, "JobNew", on_job, userdata);

        if (r < 0)
                return r;
        r = unit_events_subscribe(bus);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(slot);
        return 0;
}
