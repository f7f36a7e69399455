/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "cli/update/update-watch.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

/* How long apps may still be starting when the time is over. */
#define STARTING_MAX (10 * 60 * USEC_PER_SEC)

typedef struct Watch {
        Context *context;
        const char *name;
        const char *unit;
        uint32_t main_pid; /* another one means that the pod ended, and was started again */
        bool asked;        /* there was a job for the unit: somebody stops or restarts it */
        bool starting;     /* the pod, or an app with a health check */
} Watch;

/* What is seen at one look. */
enum {
        LOOK_BAD = UPDATE_RUNS_BADLY,
        LOOK_GOOD = UPDATE_RUNS_WELL,
        LOOK_STOPPED = UPDATE_WAS_STOPPED,
        LOOK_CHANGING, /* it starts or stops at the moment */
};

static int ended_soon(const Watch *w)
{
        log_error("Pod '%s' ended soon after its update", w->name);
        return LOOK_BAD;
}

/* It is not running. An image is not to blame for what somebody asked for. */
static int look_at_end(const Watch *w, const UnitStatus *status)
{
        if (status->active)
                return w->asked || w->main_pid == 0 ? LOOK_CHANGING : ended_soon(w);
        return w->asked && !status->failed ? LOOK_STOPPED : ended_soon(w);
}

/* The process of the unit must be the same all the time, unless the unit was restarted by hand: then systemd counts its
 * own restarts anew. */
static int look_at_unit(Watch *w)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;
        int r;

        r = context_bus(w->context, &bus);
        if (r < 0)
                return r;
        do
                r = sd_bus_process(bus, NULL);
        while (r > 0);
        if (r >= 0)
                r = unit_get_status(bus, w->unit, &status);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot look at unit %s: %m", w->unit);
        if (r < 0 || !status.running || status.main_pid == 0)
                return look_at_end(w, &status);
        if (status.restarts > 0 || (w->main_pid != 0 && w->main_pid != status.main_pid && !w->asked))
                return ended_soon(w);
        w->main_pid = status.main_pid;
        return LOOK_GOOD;
}

static int look_at_app(Watch *w, const Pod *pod, const AppcPodApp *app)
{
        PodHealth health;
        int status = 0;

        /* One that the pod starts again and again does not run well either. */
        if (pod_app_last_exit_status(pod, app->name, &status) >= 0 && status != 0) {
                log_error("Pod '%s': app '%s' ended with exit status %i soon after its update", w->name, app->name,
                          status);
                return 0;
        }
        if (!pod_app_is_checked(pod, app, &health))
                return 1;
        if (streq_ptr(health.status, "unhealthy")) {
                log_error("Pod '%s': app '%s' became unhealthy soon after its update", w->name, app->name);
                return 0;
        }
        w->starting = w->starting || !streq(pod_health_word(&health), "healthy");
        return 1;
}

static int look_at_apps(Watch *w)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r;

        r = context_pods(w->context, &pods);
        if (r < 0)
                return r;
        r = pod_find(pods, w->name, &pod, NULL);
        if (r < 0 || pod->state != POD_RUNNING || pod_load(pod, NULL) < 0)
                return w->asked ? LOOK_CHANGING : ended_soon(w);
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                r = look_at_app(w, pod, &pod->manifest->apps[i]);
                if (r <= 0)
                        return r;
        }
        return 1;
}

static int look(Watch *w)
{
        int r = look_at_unit(w);

        w->starting = false;
        if (r == LOOK_GOOD)
                r = look_at_apps(w);
        if (r != LOOK_CHANGING)
                return r;
        w->starting = true;
        return LOOK_GOOD;
}

/* The records of health are files of the pod, written by itself: there is no one event for all that can go wrong. */
static int watch_for(Watch *w, uint64_t usec, bool while_starting)
{
        Patience patience = { .step_usec = USEC_PER_SEC, .left_usec = usec };
        int r;

        do {
                r = look(w);
                if (r != LOOK_GOOD || (while_starting && !w->starting))
                        return r;
        } while (patience_wait(&patience, -EBADF));
        return LOOK_GOOD;
}

static int on_job(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        Watch *w = userdata;
        const char *unit;

        if (sd_bus_message_read(m, "uos", NULL, NULL, &unit) >= 0 && streq(unit, w->unit))
                w->asked = true;
        return 0;
}

/* systemd restarts a unit by a job, too; that one is counted. */
static int watch_jobs(Watch *w, sd_bus_slot **ret)
{
        sd_bus *bus;
        int r;

        r = context_bus(w->context, &bus);
        if (r < 0)
                return r;
        r = unit_jobs_watch(bus, on_job, w, ret);
        return r < 0 ? log_error_errno(r, "Cannot watch the jobs of unit %s: %m", w->unit) : 0;
}

int update_watch(Context *c, const char *name, const char *unit, uint64_t usec)
{
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *jobs = NULL;
        Watch w = { .context = c, .name = name, .unit = unit };
        int r;

        r = watch_jobs(&w, &jobs);
        if (r < 0)
                return r;
        r = watch_for(&w, usec, false);
        if (r != LOOK_GOOD)
                return r;
        r = watch_for(&w, STARTING_MAX, true);
        if (r != LOOK_GOOD || !w.starting)
                return r;
        log_error("Pod '%s' did not become healthy after its update", name);
        return UPDATE_RUNS_BADLY;
}
