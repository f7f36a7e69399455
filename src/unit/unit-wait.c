/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "unit/unit-events.h"
#include "unit/unit-properties.h"
#include "unit/unit-wait.h"

#define UNIT_PATH_PREFIX "/org/freedesktop/systemd1/unit"
#define UNIT_INTERFACE "org.freedesktop.systemd1.Unit"
#define SERVICE_INTERFACE "org.freedesktop.systemd1.Service"

struct UnitWait {
        sd_bus *bus;
        sd_event *event;
        char *unit;
        char *path;
        sd_bus_slot *job_slot, *changed_slot, *removed_slot;
        char *job;
        char *job_result;
        /* Results of jobs that ended before unit_wait_started() named the job to wait for. */
        char **early_results;
        bool changed;
        bool removed;
        /* The status as reported by signals. On a connection without a bus nothing keeps a unit that has ended loaded
         * until its status is read, but its last signal arrives before it is unloaded, and reports the state after
         * everything else (systemd, send_changed_signal() in src/core/dbus-unit.c). */
        UnitStatus told;
        bool by_signals;
};

void unit_status_done(UnitStatus *s)
{
        s->result = mfree(s->result);
        s->status_text = mfree(s->status_text);
}

static int take_active_state(sd_bus_message *m, UnitStatus *s)
{
        const char *state;
        int r = sd_bus_message_read(m, "v", "s", &state);

        if (r < 0)
                return r;
        s->failed = streq(state, "failed");
        s->running = streq(state, "active") || streq(state, "reloading");
        s->active = !s->failed && !streq(state, "inactive");
        return 0;
}

static int take_exit_code(sd_bus_message *m, UnitStatus *s)
{
        return sd_bus_message_read(m, "v", "i", &s->exit_code);
}

static int take_exit_status(sd_bus_message *m, UnitStatus *s)
{
        return sd_bus_message_read(m, "v", "i", &s->exit_status);
}

static int take_main_pid(sd_bus_message *m, UnitStatus *s)
{
        return sd_bus_message_read(m, "v", "u", &s->main_pid);
}

static int take_restarts(sd_bus_message *m, UnitStatus *s)
{
        return sd_bus_message_read(m, "v", "u", &s->restarts);
}

static int take_string(sd_bus_message *m, char **field)
{
        const char *value;
        int r = sd_bus_message_read(m, "v", "s", &value);

        return r < 0 ? r : free_and_strdup(field, value);
}

static int take_result(sd_bus_message *m, UnitStatus *s)
{
        return take_string(m, &s->result);
}

static int take_status_text(sd_bus_message *m, UnitStatus *s)
{
        return take_string(m, &s->status_text);
}

static const struct {
        const char *name;
        int (*take)(sd_bus_message *m, UnitStatus *s);
} status_fields[] = {
        { "ActiveState", take_active_state },
        { "ExecMainCode", take_exit_code },
        { "ExecMainStatus", take_exit_status },
        { "MainPID", take_main_pid },
        { "NRestarts", take_restarts },
        { "Result", take_result },
        { "StatusText", take_status_text },
};

static int take_field(sd_bus_message *m, const char *name, void *userdata)
{
        for (size_t i = 0; i < ELEMENTSOF(status_fields); i++)
                if (streq(status_fields[i].name, name))
                        return status_fields[i].take(m, userdata);
        return sd_bus_message_skip(m, "v");
}

int unit_get_status(sd_bus *bus, const char *unit, UnitStatus *ret)
{
        _cleanup_(unit_status_done) UnitStatus s = {};
        int r = unit_properties_of(bus, unit, take_field, &s);

        if (r >= 0)
                *ret = TAKE_GENERIC(s, (UnitStatus) {});
        return r;
}

int unit_is_transient(sd_bus *bus, const char *unit, int *ret)
{
        _cleanup_free_ char *path = NULL, *state = NULL;
        int r;

        r = sd_bus_path_encode(UNIT_PATH_PREFIX, unit, &path);
        if (r < 0)
                return r;
        /* Asked by its path, systemd loads the unit if there is a file. */
        r = sd_bus_get_property_string(bus, bus_systemd_manager.destination, path, UNIT_INTERFACE, "LoadState", NULL,
                                       &state);
        if (r < 0)
                return r;
        if (streq(state, "not-found")) {
                *ret = true;
                return 0;
        }
        return sd_bus_get_property_trivial(bus, bus_systemd_manager.destination, path, UNIT_INTERFACE, "Transient",
                                           NULL, 'b', ret);
}

/* Opens a separate connection, for a property of a service. */
static int open_service(const char *unit, sd_bus **ret, char **ret_path)
{
        int r = sd_bus_path_encode(UNIT_PATH_PREFIX, unit, ret_path);

        return r < 0 ? r : sd_bus_open_system(ret);
}

int unit_stop_timeout(const char *unit, uint64_t *ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_free_ char *path = NULL;
        int r = open_service(unit, &bus, &path);

        return r < 0 ? r : sd_bus_get_property_trivial(bus, bus_systemd_manager.destination, path, SERVICE_INTERFACE,
                                                       "TimeoutStopUSec", NULL, 't', ret);
}

static int get_word(const char *unit, const char *property, char **ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_free_ char *path = NULL;
        int r = open_service(unit, &bus, &path);

        return r < 0 ? r : sd_bus_get_property_string(bus, bus_systemd_manager.destination, path, SERVICE_INTERFACE,
                                                      property, NULL, ret);
}

int unit_service_type(const char *unit, char **ret)
{
        return get_word(unit, "Type", ret);
}

int unit_kill_mode(const char *unit, char **ret)
{
        return get_word(unit, "KillMode", ret);
}

static int on_job_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        UnitWait *w = userdata;
        const char *job, *unit, *result;
        uint32_t id;

        if (sd_bus_message_read(m, "uoss", &id, &job, &unit, &result) < 0 || !streq(unit, w->unit))
                return 0;

        if (w->job && streq(job, w->job))
                (void) free_and_strdup(&w->job_result, result);
        else if (!w->job)
                (void) strv_env_set(&w->early_results, job, result);
        return 0;
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        UnitWait *w = userdata;

        w->changed = true;
        if (w->by_signals && sd_bus_message_skip(m, "s") >= 0)
                (void) unit_properties_read(m, take_field, &w->told);
        return 0;
}

static int on_unit_removed(sd_bus_message *m, void *userdata, sd_bus_error *error)
{
        UnitWait *w = userdata;
        const char *unit;

        if (sd_bus_message_read(m, "s", &unit) >= 0 && streq(unit, w->unit))
                w->removed = true;
        return 0;
}

static int watch(UnitWait *w)
{
        int r;

        r = sd_bus_match_signal_async(w->bus, &w->removed_slot, bus_systemd_manager.destination,
                                      bus_systemd_manager.path, bus_systemd_manager.interface, "UnitRemoved",
                                      on_unit_removed, NULL, w);
        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(w->bus, &w->job_slot, bus_systemd_manager.destination,
                                      bus_systemd_manager.path, bus_systemd_manager.interface, "JobRemoved",
                                      on_job_removed, NULL, w);
        if (r < 0)
                return r;
        r = sd_bus_match_signal_async(w->bus, &w->changed_slot, bus_systemd_manager.destination, w->path,
                                      "org.freedesktop.DBus.Properties", "PropertiesChanged",
                                      on_properties_changed, NULL, w);
        if (r < 0)
                return r;

        return unit_events_subscribe(w->bus);
}

int unit_wait_new(sd_bus *bus, sd_event *event, const char *unit, UnitWait **ret)
{
        _cleanup_(unit_wait_freep) UnitWait *w = new0(UnitWait, 1);
        int r;

        if (!w)
                return -ENOMEM;

        w->bus = sd_bus_ref(bus);
        w->by_signals = sd_bus_is_bus_client(bus) == 0;
        w->told.active = true;
        w->event = sd_event_ref(event);
        w->unit = strdup(unit);
        if (!w->unit)
                return -ENOMEM;
        r = sd_bus_path_encode(UNIT_PATH_PREFIX, unit, &w->path);
        if (r < 0)
                return r;
        r = watch(w);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(w);
        return 0;
}

UnitWait *unit_wait_free(UnitWait *w)
{
        if (!w)
                return NULL;

        sd_bus_slot_unref(w->job_slot);
        sd_bus_slot_unref(w->changed_slot);
        sd_bus_slot_unref(w->removed_slot);
        (void) sd_bus_detach_event(w->bus);
        sd_bus_unref(w->bus);
        sd_event_unref(w->event);
        free(w->unit);
        free(w->path);
        free(w->job);
        free(w->job_result);
        unit_status_done(&w->told);
        strv_free(w->early_results);
        return mfree(w);
}

/* A connection that is closed, as a pod's is when the pod ends, reports nothing more, and would never end the wait. */
static int run_once(UnitWait *w)
{
        return unit_events_run(w->event, w->bus, UINT64_MAX);
}

int unit_wait_removed(UnitWait *w, uint64_t deadline)
{
        while (!w->removed) {
                uint64_t now = now_monotonic_usec();
                int r = now < deadline ? unit_events_run(w->event, w->bus, deadline - now) : -ETIMEDOUT;

                if (r < 0)
                        return r;
        }
        w->removed = false;
        return 0;
}

int unit_wait_started(UnitWait *w, const char *job, const char **ret_result)
{
        const char *early = strv_env_get(w->early_results, job);
        int r;

        r = free_and_strdup(&w->job, job);
        if (r < 0)
                return r;
        if (early) {
                r = free_and_strdup(&w->job_result, early);
                if (r < 0)
                        return r;
        }

        while (!w->job_result) {
                r = run_once(w);
                if (r < 0)
                        return r;
        }

        *ret_result = w->job_result;
        return 0;
}

/* The status is the caller's to free, also after an error. */
static int take_status(UnitWait *w, UnitStatus *ret)
{
        if (!w->by_signals)
                return unit_properties_at(w->bus, w->path, take_field, ret);
        if (w->told.active)
                *ret = (UnitStatus) { .active = true };
        else
                *ret = TAKE_GENERIC(w->told, (UnitStatus) {});
        return 0;
}

int unit_wait_ended(UnitWait *w, UnitStatus *ret)
{
        for (w->changed = true;;) {
                _cleanup_(unit_status_done) UnitStatus s = {};
                int r;

                if (w->changed) {
                        w->changed = false;
                        r = take_status(w, &s);
                        if (r < 0)
                                return r;
                        if (!s.active) {
                                *ret = TAKE_GENERIC(s, (UnitStatus) {});
                                return 0;
                        }
                }

                r = run_once(w);
                if (r < 0)
                        return r;
        }
}
