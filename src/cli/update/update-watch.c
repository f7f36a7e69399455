/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "cli/update/update-watch.h"
#include "unit/unit-wait.h"

/* How long apps may still be starting when the time is over. */
#define STARTING_MAX (10 * 60 * USEC_PER_SEC)

typedef struct Watch {
        Context *context;
        const char *name;
        const char *unit;
        uint32_t main_pid; /* another one means that the pod ended, and was started again */
        bool starting;     /* an app with a health check */
} Watch;

/* The process of the unit must be the same all the time. */
static int look_at_unit(Watch *w)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;
        int r;

        r = context_bus(w->context, &bus);
        if (r < 0)
                return r;
        r = unit_get_status(bus, w->unit, &status);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot look at unit %s: %m", w->unit);
        if (r < 0 || !status.running || status.main_pid == 0 ||
            (w->main_pid != 0 && w->main_pid != status.main_pid)) {
                log_error("Pod '%s' ended soon after its update", w->name);
                return 0;
        }
        w->main_pid = status.main_pid;
        return 1;
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
        w->starting = w->starting || !streq_ptr(health.status, "healthy");
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
        if (r < 0 || pod->state != POD_RUNNING || pod_load(pod, NULL) < 0) {
                log_error("Pod '%s' ended soon after its update", w->name);
                return 0;
        }
        w->starting = false;
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

        return r <= 0 ? r : look_at_apps(w);
}

/* The records of health are files of the pod, written by itself: there is no one event for all that can go wrong. */
static int watch_for(Watch *w, uint64_t usec, bool while_starting)
{
        Patience patience = { .step_usec = USEC_PER_SEC, .left_usec = usec };
        int r;

        do {
                r = look(w);
                if (r <= 0 || (while_starting && !w->starting))
                        return r;
        } while (patience_wait(&patience, -EBADF));
        return 1;
}

int update_watch(Context *c, const char *name, const char *unit, uint64_t usec)
{
        Watch w = { .context = c, .name = name, .unit = unit };
        int r;

        r = watch_for(&w, usec, false);
        if (r <= 0)
                return r;
        r = watch_for(&w, STARTING_MAX, true);
        if (r <= 0 || !w.starting)
                return r;
        log_error("Pod '%s' did not become healthy after its update", name);
        return 0;
}
