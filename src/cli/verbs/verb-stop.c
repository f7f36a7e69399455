/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/syscall.h>
#include <systemd/sd-login.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "cli/start/app-processes.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-usage.h"
#include "shared/explain.h"
#include "unit/unit-wait.h"

typedef struct StopArgs {
        bool force;
        char *time;
        char *uuid_file;
        char *format;
        uint64_t patience_usec; /* time, parsed */
} StopArgs;

static const Option options[] = {
        { "force", &option_bool, offsetof(StopArgs, force), NULL, "Kill the pod instead of asking it" },
        RESULTS_OPTION(StopArgs, format),
        { "time", &option_string, offsetof(StopArgs, time), "TIME", "Kill apps that have not ended by then", 't' },
        { "uuid-file", &option_string, offsetof(StopArgs, uuid_file), "FILE", "Take the UUID from FILE" },
        {},
};

static int kill_unit(sd_bus *bus, const char *unit)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = bus_call(bus, &bus_systemd_manager, "KillUnit", &error, NULL, "ssi", unit, "all", SIGKILL);
        return r < 0 ? log_error_errno(r, "Cannot kill unit %s: %s", unit, bus_error_text(&error, r)) : 0;
}

/* One by one: cgroup.kill would also kill the process that records the app's exit status. */
static void kill_app(int services, const char *app)
{
        _cleanup_strv_free_ char **pids = NULL;

        if (app_processes(services, app, &pids) < 0)
                return;
        STRV_FOREACH(word, pids) {
                uint32_t pid;

                if (parse_uint32(*word, &pid) >= 0)
                        (void) kill((pid_t) pid, SIGKILL);
        }
}

/* Kills the apps, not the pod: then the exit status of each is recorded, and the rest stops in order. */
static int on_time_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        const Pod *pod = userdata;
        _cleanup_close_ int services = pod_services_open(pod);

        for (size_t i = 0; services >= 0 && i < pod->manifest->n_apps; i++)
                kill_app(services, pod->manifest->apps[i].name);
        return 0;
}

static int watch_time(sd_event *event, Pod *pod, uint64_t patience_usec)
{
        if (patience_usec == UINT64_MAX)
                return 0;
        return sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, patience_usec, 0, on_time_over, pod);
}

static int watch_unit(sd_bus *bus, Pod *pod, uint64_t patience_usec, sd_event **ret_event, UnitWait **ret)
{
        int r;

        r = sd_event_new(ret_event);
        if (r < 0)
                return r;
        r = unit_wait_new(bus, *ret_event, pod->settings->unit, ret);
        return r < 0 ? r : watch_time(*ret_event, pod, patience_usec);
}

static int request_stop(sd_bus *bus, const char *unit, UnitWait *wait, sd_bus_error *reterr_error)
{
        _cleanup_bus_message_ sd_bus_message *reply = NULL;
        const char *job, *result;
        int r;

        r = bus_call(bus, &bus_systemd_manager, "StopUnit", reterr_error, &reply, "ss", unit, "replace");
        /* The pod may have ended on its own by now. */
        if (sd_bus_error_has_name(reterr_error, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &job);
        return r < 0 ? r : unit_wait_started(wait, job, &result);
}

/* Stopping the unit is stopping the pod; the job is done when its last process is gone. */
static int stop_unit(sd_bus *bus, Pod *pod, uint64_t patience_usec)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(unit_wait_freep) UnitWait *wait = NULL;
        _cleanup_event_ sd_event *event = NULL;
        const char *unit = pod->settings->unit;
        int r;

        r = watch_unit(bus, pod, patience_usec, &event, &wait);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", unit);

        r = request_stop(bus, unit, wait, &error);
        return r < 0 ? log_error_errno(r, "Cannot stop unit %s: %s", unit, bus_error_text(&error, r)) : 0;
}

static int stop_from_outside(Context *c, Pod *pod, const StopArgs *args)
{
        sd_bus *bus;
        int r = context_bus(c, &bus);

        if (r < 0)
                return r;
        if (args->force)
                r = kill_unit(bus, pod->settings->unit);
        return r < 0 ? r : stop_unit(bus, pod, args->patience_usec);
}

/* Whether this is ExecStop= of the pod's own unit: systemd is stopping that already, and waits for us. */
static bool is_within(const Pod *pod)
{
        _cleanup_free_ char *unit = NULL;

        return sd_pid_get_unit(0, &unit) >= 0 && streq_ptr(unit, pod->settings->unit);
}

static int on_gone(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

static int wait_until_gone(Pod *pod, int pidfd, uint64_t patience_usec)
{
        _cleanup_event_ sd_event *event = NULL;
        int r;

        r = sd_event_new(&event);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, NULL, pidfd, EPOLLIN, on_gone, NULL);
        if (r < 0)
                return r;
        r = watch_time(event, pod, patience_usec);
        return r < 0 ? r : sd_event_loop(event);
}

/* There is no job to wait for then: asks the container itself, in systemd's way, and waits for its end. */
static int stop_from_within(Pod *pod, const StopArgs *args)
{
        _cleanup_close_ int pidfd = pod_supervisor_pidfd(pod);
        int r;

        if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, args->force ? SIGKILL : SIGTERM, NULL, 0) < 0)
                return 0; /* it has not come up yet, or has ended; systemd does the rest */

        r = wait_until_gone(pod, pidfd, args->patience_usec);
        return r < 0 ? log_error_errno(r, "Cannot wait for pod %s: %m", pod->uuid.s) : 0;
}

static int stop_pod(Context *c, Pod *pod, const StopArgs *args, const Results *results)
{
        _cleanup_free_ char *message = NULL;
        int r;

        if (pod->state != POD_RUNNING) {
                log_info("Pod %s is not running, but %s", pod->uuid.s, pod_state_to_string(pod->state));
                return 0;
        }

        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        r = is_within(pod) ? stop_from_within(pod, args) : stop_from_outside(c, pod, args);
        if (r < 0)
                return r;
        if (!results_add(results, { "pod", pod->settings->name }, { "unit", pod->settings->unit },
                         { "uuid", pod->uuid.s }))
                (void) printf("\"%s\"\n", pod->uuid.s);
        return r;
}

static int stop_named(Context *c, const char *text, const StopArgs *args, const Results *results)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = context_find_pod(c, text, &pod);

        return r < 0 ? r : stop_pod(c, pod, args, results);
}

static int run(Context *c, void *userdata, char **words)
{
        StopArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_(pod_freep) Pod *by_file = NULL;
        int r, result = 0;

        if (!words[0] && !args->uuid_file)
                return log_error_errno(EINVAL, "'podctl stop' needs a pod, or --uuid-file");
        args->patience_usec = UINT64_MAX;
        if (args->time && !streq(args->time, "infinity") && parse_duration(args->time, &args->patience_usec) < 0)
                return log_error_errno(EINVAL, "Option --time takes a time such as 10s, not '%s'", args->time);
        if (args->uuid_file) {
                r = context_find_pod_by_file(c, args->uuid_file, &by_file);
                result = r < 0 ? r : stop_pod(c, by_file, args, &results);
        }

        /* What is wrong with one pod does not keep the others running. */
        STRV_FOREACH(word, words) {
                r = stop_named(c, *word, args, &results);
                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_stop = {
        .name = "stop",
        .usage = "POD…",
        .summary = "Stop pods",
        .options = options,
        .args_size = sizeof(StopArgs),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
