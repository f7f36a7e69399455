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
#include "unit/unit-job.h"
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

/* One pod, from its word to the report on it. It is not kept open, since there may be more than a process may have
 * files open. */
typedef struct StopOne {
        Uuid uuid;
        char *name, *unit;
        PodState state;
        int r;              /* it was not found, or cannot be stopped */
        char *message;      /* NULL: it has been logged */
        const UnitJob *job; /* NULL: there is none to wait for */
        bool again;         /* an earlier word has named it */
} StopOne;

typedef struct Stops {
        Context *context;
        const StopArgs *args;
        const Results *results;
        sd_event *event;
        UnitJobs *jobs;
        StopOne *items;
        size_t n;
} Stops;

static void stops_done(Stops *s)
{
        unit_jobs_free(s->jobs);
        sd_event_unref(s->event);
        for (size_t i = 0; i < s->n; i++) {
                free(s->items[i].name);
                free(s->items[i].unit);
                free(s->items[i].message);
        }
        free(s->items);
}

/* One by one: cgroup.kill would also kill the process that records the app's exit status. */
static void kill_app(const Pod *pod, const char *app)
{
        _cleanup_strv_free_ char **pids = NULL;

        if (app_processes(pod, app, &pids) < 0)
                return;
        STRV_FOREACH(word, pids) {
                uint32_t pid;

                if (parse_uint32(*word, &pid) >= 0)
                        (void) kill((pid_t) pid, SIGKILL);
        }
}

/* Kills the apps, not the pod: then the exit status of each is recorded, and the rest stops in order. */
static void kill_apps(const Pod *pod)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++)
                kill_app(pod, pod->manifest->apps[i].name);
}

static int on_time_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        kill_apps(userdata);
        return 0;
}

static int on_time_of_all_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        const Stops *s = userdata;
        PodStore *pods;

        for (size_t i = 0; i < s->n && context_pods(s->context, &pods) >= 0; i++) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                if (s->items[i].job && !s->items[i].job->done && pod_open(pods, &s->items[i].uuid, &pod) >= 0 &&
                    pod_load(pod, NULL) >= 0)
                        kill_apps(pod);
        }
        return 0;
}

static int watch_time(sd_event *event, uint64_t patience_usec, sd_event_time_handler_t on_over, void *userdata)
{
        if (patience_usec == UINT64_MAX)
                return 0;
        return sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, patience_usec, 0, on_over, userdata);
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
        r = watch_time(event, patience_usec, on_time_over, pod);
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

/* All stops, and the time, begin with the first. */
static int begin_jobs(Stops *s)
{
        sd_bus *bus;
        int r;

        if (s->jobs)
                return 0;
        r = context_bus(s->context, &bus);
        if (r < 0)
                return r;
        r = sd_event_new(&s->event);
        if (r >= 0)
                r = unit_jobs_new(bus, s->event, "StopUnit", 0, &s->jobs);
        if (r >= 0)
                r = watch_time(s->event, s->args->patience_usec, on_time_of_all_over, s);
        return r < 0 ? log_error_errno(r, "Cannot watch units: %m") : 0;
}

static bool was_named_before(const Stops *s, const StopOne *one)
{
        for (const StopOne *other = s->items; other < one; other++)
                if (streq(other->uuid.s, one->uuid.s))
                        return true;
        return false;
}

static int load(StopOne *one, Pod *pod)
{
        int r = pod_load(pod, &one->message);

        if (r < 0 && !one->message)
                (void) explain_line(&one->message, r, "Cannot read pod %s: %s", pod->uuid.s, strerror(-r));
        if (r < 0)
                return r;
        one->name = strdup(pod->settings->name);
        one->unit = strdup(strempty(pod->settings->unit));
        return one->name && one->unit ? 0 : log_oom();
}

/* Stopping the unit is stopping the pod; the job is done when its last process is gone. */
static int request_stop(Stops *s, StopOne *one, Pod *pod)
{
        int r;

        one->uuid = pod->uuid;
        one->state = pod->state;
        if (pod->state != POD_RUNNING)
                return 0;
        one->again = was_named_before(s, one);
        r = load(one, pod);
        if (r < 0 || one->again)
                return r;
        if (is_within(pod))
                return stop_from_within(pod, s->args);
        r = begin_jobs(s);
        if (r < 0)
                return r;
        return unit_jobs_add(s->jobs, one->unit, s->args->force, &one->job) < 0 ? log_oom() : 0;
}

static int begin(Stops *s, char *const *words)
{
        PodStore *pods;
        int r;

        r = context_pods(s->context, &pods);
        if (r < 0)
                return r;
        s->items = new0(StopOne, strv_length(words) + 1);
        if (!s->items || (words[0] && words[1] && pod_store_remember(pods) < 0))
                return log_oom();
        STRV_FOREACH(word, words) {
                _cleanup_(pod_freep) Pod *pod = NULL;
                StopOne *one = &s->items[s->n++];

                one->r = context_look_for_pod(s->context, *word, &pod, &one->message);
                if (one->r >= 0)
                        one->r = request_stop(s, one, pod);
        }
        return 0;
}

static int wait_for_job(Stops *s, const StopOne *one)
{
        int r = unit_jobs_wait(s->jobs, one->job);

        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", one->unit);
        r = one->job->r;
        /* The pod may have ended on its own by now. */
        if (r >= 0 || sd_bus_error_has_name(&one->job->error, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        if (one->job->kill && !one->job->killed)
                return log_error_errno(r, "Cannot kill unit %s: %s", one->unit, bus_error_text(&one->job->error, r));
        return log_error_errno(r, "Cannot stop unit %s: %s", one->unit, bus_error_text(&one->job->error, r));
}

/* Of a pod that was named twice. */
static PodState state_now(const Stops *s, const StopOne *one)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;

        return context_pods(s->context, &pods) >= 0 && pod_open(pods, &one->uuid, &pod) >= 0 ? pod->state : POD_EXITED;
}

static int end(Stops *s, StopOne *one)
{
        int r = one->r;

        if (r < 0)
                return one->message ? log_error_errno(r, "%s", one->message) : r;
        if (one->again)
                one->state = state_now(s, one);
        if (one->state != POD_RUNNING) {
                log_info("Pod %s is not running, but %s", one->uuid.s, pod_state_to_string(one->state));
                return 0;
        }
        r = one->job ? wait_for_job(s, one) : 0;
        if (r < 0)
                return r;
        if (!results_add(s->results, { "pod", one->name }, { "unit", one->unit }, { "uuid", one->uuid.s }))
                (void) printf("\"%s\"\n", one->uuid.s);
        return 0;
}

/* Side by side, and reported in their order. What is wrong with one pod does not keep the others running. */
static int stop_all(Stops *s, char *const *words)
{
        int r, result = begin(s, words);

        for (size_t i = 0; i < s->n; i++) {
                r = end(s, &s->items[i]);
                if (r < 0)
                        result = r;
        }
        return result;
}

static int run(Context *c, void *userdata, char **words)
{
        StopArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_(stops_done) Stops stops = { .context = c, .args = args, .results = &results };
        _cleanup_strv_free_ char **pods = NULL;
        int r, k;

        if (!words[0] && !args->uuid_file)
                return log_error_errno(EINVAL, "'podctl stop' needs a pod, or --uuid-file");
        args->patience_usec = UINT64_MAX;
        if (args->time && !streq(args->time, "infinity") && parse_duration(args->time, &args->patience_usec) < 0)
                return log_error_errno(EINVAL, "Option --time takes a time such as 10s, not '%s'", args->time);
        r = context_pod_words(args->uuid_file, words, &pods);
        if (!pods)
                return r;
        k = stop_all(&stops, pods);
        results_print(&results);
        return k < 0 ? k : r;
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
