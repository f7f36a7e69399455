/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/epoll.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "cli/start/app-processes.h"
#include "cli/start/pod-connect.h"
#include "cli/start/start-outcome.h"
#include "cri/cri-apps.h"
#include "manifest/appc-pod.h"
#include "unit/unit-wait.h"

/* How long one that was killed may take: a process that waits for a disk does not end before. */
#define KILLED_PATIENCE_USEC (60 * USEC_PER_SEC)
#define KILLED_STEP_USEC (USEC_PER_SEC / 5)

/* The unit ends later than the app, where what carries the app's last lines has to wait for a journal. */
typedef struct Ending {
        const Pod *pod;
        const char *app;
        int records; /* descriptor that is readable when there are new ones */
        sd_bus *bus;
        sd_event *event;
        UnitWait *wait;
        char *unit;
} Ending;

static void ending_done(Ending *e)
{
        unit_wait_free(e->wait);
        sd_event_unref(e->event);
        sd_bus_flush_close_unref(e->bus);
        safe_close(e->records);
        free(e->unit);
}

/* whom: "main" or "all". One that has ended meanwhile has nobody to be killed. */
static int send_signal(sd_bus *bus, const char *unit, const char *whom, int signal)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = bus_call(bus, &bus_systemd_manager, "KillUnit", &error, NULL, "ssi", unit, whom, (int32_t) signal);

        return r < 0 && !sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchProcess") &&
                               !sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit") && r != -ESRCH
                       ? log_error_errno(r, "Cannot send a signal to unit %s: %s", unit, bus_error_text(&error, r))
                       : 0;
}

void cri_apps_kill(Pod *pod)
{
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;

        if (pod_connect(pod, &bus) < 0)
                return;
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                _cleanup_free_ char *unit = strjoin(pod->manifest->apps[i].name, ".service");

                if (unit)
                        (void) send_signal(bus, unit, "main", SIGKILL);
        }
}

static int on_time_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        Ending *e = userdata;

        return sd_event_exit(e->event, 0);
}

static bool is_recorded(const Ending *e)
{
        int status;

        return pod_app_exit_status(e->pod, e->app, &status, NULL) >= 0;
}

/* Its end is recorded, and no process of it is left. */
static bool is_over(const Ending *e)
{
        _cleanup_strv_free_ char **pids = NULL;
        int r = is_recorded(e) ? app_processes(e->pod, e->app, &pids) : -EBUSY;

        return r == -ENOENT || r == -ENODEV || (r >= 0 && strv_length(pids) == 0);
}

static int on_record(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Ending *e = userdata;
        char buffer[4096];

        while (read(fd, buffer, sizeof(buffer)) > 0)
                ;
        return is_recorded(e) ? sd_event_exit(e->event, 0) : 0;
}

/* 0: it has not ended by then. */
static int wait_for_end(Ending *e, uint64_t usec)
{
        _cleanup_(sd_event_source_disable_unrefp) sd_event_source *timer = NULL, *records = NULL;
        _cleanup_(unit_status_done) UnitStatus status = {};
        int r = sd_event_add_time_relative(e->event, &timer, CLOCK_MONOTONIC, usec, 1000, on_time_over, e);

        if (r >= 0 && e->records >= 0)
                r = sd_event_add_io(e->event, &records, e->records, EPOLLIN, on_record, e);
        if (r >= 0 && is_over(e))
                return 1;
        if (r >= 0)
                r = unit_wait_ended(e->wait, &status);
        if (r == -ECANCELED)
                return is_over(e);
        return r < 0 && r != -ENOENT ? log_error_errno(r, "Cannot watch unit %s: %m", e->unit) : 1;
}

/* A loop that has ended does not go on. */
static int watch(Ending *e)
{
        int r;

        e->wait = unit_wait_free(e->wait);
        if (e->event) {
                (void) sd_bus_detach_event(e->bus);
                e->event = sd_event_unref(e->event);
        }
        r = sd_event_new(&e->event);
        if (r >= 0)
                r = unit_wait_new(e->bus, e->event, e->unit, &e->wait);
        return r < 0 ? log_error_errno(r, "Cannot watch unit %s: %m", e->unit) : 0;
}

static int is_active(const Ending *e)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        int r = unit_get_status(e->bus, e->unit, &status);

        return r == -ENOENT ? 0 : r < 0 ? r : status.active;
}

/* Those of the app itself: what records how it has ended belongs to the unit as well, and the kernel would kill that,
 * too, if it were asked to kill the whole group (cgroup.kill). */
static int kill_processes(const Pod *pod, const char *app)
{
        _cleanup_strv_free_ char **pids = NULL;
        int r = app_processes(pod, app, &pids);

        STRV_FOREACH(word, pids) {
                uint32_t pid;

                if (parse_uint32(*word, &pid) >= 0)
                        (void) kill((pid_t) pid, SIGKILL);
        }
        return r == -ENOENT || r == -ENODEV ? 0 : r;
}

/* They may be making new ones. */
static int kill_app(Ending *e)
{
        int r = 0;

        for (uint64_t i = 0; r == 0 && i < KILLED_PATIENCE_USEC / KILLED_STEP_USEC; i++) {
                r = watch(e);
                if (r >= 0)
                        r = kill_processes(e->pod, e->app);
                if (r >= 0)
                        r = wait_for_end(e, KILLED_STEP_USEC);
        }
        return r != 0 ? MIN(r, 0) : log_error_errno(ETIMEDOUT, "Unit %s does not end, although it was killed", e->unit);
}

int cri_app_stop(Pod *pod, const char *app, int signal, uint64_t timeout_usec)
{
        _cleanup_(ending_done) Ending e = { .pod = pod, .app = app, .records = start_outcome_watch(pod),
                                            .unit = strjoin(app, ".service") };
        int r = e.unit ? pod_connect(pod, &e.bus) : log_oom();

        if (r >= 0)
                r = is_active(&e);
        if (r <= 0)
                return r;
        /* A loop whose time is over does not close it. */
        (void) sd_bus_set_close_on_exit(e.bus, false);
        if (timeout_usec == 0)
                return kill_app(&e);
        r = watch(&e);
        if (r >= 0)
                r = send_signal(e.bus, e.unit, "main", signal);
        if (r >= 0)
                r = wait_for_end(&e, timeout_usec);
        return r == 0 ? kill_app(&e) : MIN(r, 0);
}
