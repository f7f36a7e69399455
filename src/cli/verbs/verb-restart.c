/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/start/pod-start.h"
#include "cli/terminal/results.h"
#include "cli/terminal/unit-words.h"
#include "cli/verbs/verbs.h"
#include "pod/pods-d.h"
#include "shared/explain.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

typedef struct RestartArgs {
        char *format;
} RestartArgs;

static const Option options[] = {
        RESULTS_OPTION(RestartArgs, format),
        {},
};

/* What is restarted is the unit, by one job: so systemd also restarts what depends on it. The jobs of several pods are
 * under way side by side. */

/* The unit of a pod of `podctl run` goes away with the pod, and starts none twice. A unit file of that name, or a
 * transient unit of another program, runs a command that makes a new pod. */
static int check_unit(sd_bus *bus, const Pod *pod, const char *unit, char **reterr_message)
{
        _cleanup_free_ char *ours = pod_unit_name(pod->settings->name);
        int transient, r;

        if (!ours)
                return log_oom();
        if (!streq(ours, unit))
                return 0;
        r = unit_is_transient(bus, unit, &transient);
        if (r < 0)
                return explain_line(reterr_message, r, "Cannot look at unit %s: %s", unit, strerror(-r));
        if (transient)
                return explain_line(reterr_message, EOPNOTSUPP, "Pod '%s' was started by 'podctl run' and cannot be "
                                    "restarted; 'podctl create' makes one that can", pod->settings->name);
        return 0;
}

static int unit_of_pod(sd_bus *bus, Pod *pod, char **ret, char **reterr_message)
{
        int r;

        r = pod_load(pod, reterr_message);
        if (r < 0)
                return explain_unless_told(reterr_message, r, "Cannot read the pod");
        if (!pod->settings->unit)
                return explain_line(reterr_message, ESRCH, "Pod '%s' is not running, but %s", pod->settings->name,
                                    pod_state_to_string(pod->state));
        r = check_unit(bus, pod, pod->settings->unit, reterr_message);
        if (r < 0)
                return r;
        *ret = strdup(pod->settings->unit);
        return *ret ? 0 : log_oom();
}

/* A running pod is restarted in its unit; else a pod of pods.d may never have run, or was collected since. */
static int find_unit(Context *c, sd_bus *bus, const char *text, char **ret, char **reterr_message)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        r = pod_find(pods, text, &pod, NULL);
        if (r < 0 || pod->state != POD_RUNNING) {
                if (pod_name_is_valid(text) && pods_d_find(text, &path) >= 0) {
                        *ret = strjoin("pod@", text, ".service");
                        return *ret ? 0 : log_oom();
                }
        }
        if (r < 0) {
                r = context_look_for_pod(c, text, &pod, reterr_message);
                if (r < 0)
                        return r;
        }
        return unit_of_pod(bus, pod, ret, reterr_message);
}

/* The pod that runs in the unit now. */
static int find_pod_of(Context *c, const char *unit, Pod **ret)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r >= 0)
                r = pod_scan_new(pods, &scan);
        if (r < 0)
                return r;
        pod_scan_only(scan, pod_settings_have_unit, unit);
        while ((r = pod_scan_next(scan, &pod)) > 0)
                if (pod->state == POD_RUNNING && pod_load(pod, NULL) >= 0 && streq_ptr(pod->settings->unit, unit))
                        break;
        if (r <= 0)
                return r < 0 ? r : -ENOENT;
        *ret = TAKE_PTR(pod);
        return 0;
}

/* A launch that failed says why in the unit's status; what failed later, only the unit's processes can say. */
static int report_failure(sd_bus *bus, const char *text, const char *unit, const char *result, uint64_t began_usec)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        const char *words = NULL;

        if (unit_get_status(bus, unit, &status) >= 0 && status.status_text)
                words = startswith(status.status_text, POD_STATUS_PREFIX);
        if (!isempty(words))
                return log_error_errno(EIO, "%s", words);
        (void) unit_words_tell(unit, began_usec);
        return log_error_errno(EIO, "Pod '%s' did not run: unit %s ended with '%s'; see journalctl -u %s", text, unit,
                               status.failed && status.result ? status.result : result, unit);
}

/* A pod of short commands may have ended already, and is NULL then. */
static void report(const Results *results, const char *text, const char *unit, Pod *pod)
{
        if (!results_add(results, { "pod", pod ? pod_display_name(pod) : text }, { "unit", unit },
                         { "uuid", pod ? pod->uuid.s : NULL }) && pod)
                (void) printf("\"%s\"\n", pod->uuid.s);
}

/* One pod, from its word to the report on it. */
typedef struct RestartOne {
        const char *text;
        char *unit;
        uint64_t began_usec;
        int r;         /* it was not found, or cannot be restarted */
        char *message; /* NULL: it has been logged */
        const UnitJob *job;
} RestartOne;

typedef struct Restarts {
        Context *context;
        const Results *results;
        sd_bus *bus;
        sd_event *event;
        UnitJobs *jobs;
        RestartOne *items;
        size_t n;
} Restarts;

/* Starts are work for the whole host: more at once would make none of them ready sooner. */
#define RESTARTS_AT_ONCE 32

static void restarts_done(Restarts *s)
{
        unit_jobs_free(s->jobs);
        sd_event_unref(s->event);
        for (size_t i = 0; i < s->n; i++) {
                free(s->items[i].unit);
                free(s->items[i].message);
        }
        free(s->items);
}

static int begin(Restarts *s, char *const *words)
{
        int r;

        r = context_bus(s->context, &s->bus);
        if (r < 0)
                return r;
        r = sd_event_new(&s->event);
        if (r >= 0)
                r = unit_jobs_new(s->bus, s->event, "RestartUnit", RESTARTS_AT_ONCE, &s->jobs);
        if (r < 0)
                return log_error_errno(r, "Cannot watch units: %m");
        s->items = new0(RestartOne, strv_length(words));
        if (!s->items)
                return log_oom();
        STRV_FOREACH(word, words) {
                RestartOne *one = &s->items[s->n++];

                one->text = *word;
                one->began_usec = now_nsec() / NSEC_PER_USEC;
                one->r = find_unit(s->context, s->bus, *word, &one->unit, &one->message);
                if (one->r >= 0 && unit_jobs_add(s->jobs, one->unit, false, &one->job) < 0)
                        one->r = log_oom();
        }
        return 0;
}

static int end(const Restarts *s, const RestartOne *one)
{
        const UnitJob *job = one->job;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = one->r;

        if (r < 0)
                return one->message ? log_error_errno(r, "%s", one->message) : r;
        r = unit_jobs_wait(s->jobs, job);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", one->unit);
        if (job->r < 0)
                return log_error_errno(job->r, "Cannot restart unit %s: %s", one->unit,
                                       bus_error_text(&job->error, job->r));
        if (!streq(job->result, "done"))
                return report_failure(s->bus, one->text, one->unit, job->result, one->began_usec);
        r = find_pod_of(s->context, one->unit, &pod);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Pod '%s': %m", one->text);
        report(s->results, one->text, one->unit, pod);
        return 0;
}

/* Side by side, and reported in their order. What is wrong with one pod does not keep the others from being
 * restarted. */
static int run(Context *c, void *userdata, char **words)
{
        const RestartArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_(restarts_done) Restarts s = { .context = c, .results = &results };
        int result = begin(&s, words);

        for (size_t i = 0; i < s.n; i++) {
                int r = end(&s, &s.items[i]);

                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_restart = {
        .name = "restart",
        .usage = "POD…",
        .summary = "Restart pods that systemd starts",
        .options = options,
        .args_size = sizeof(RestartArgs),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
