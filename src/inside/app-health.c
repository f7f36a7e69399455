/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, beside an app that has health checks:
 *
 *   app-health FILE…
 *
 * The name of a file is the kind of its check (launch-places.h). Each has the words APP INTERVAL TIMEOUT START-PERIOD
 * START-INTERVAL RETRIES ACTION READY FIELDS INITIAL-DELAY ENOUGH LAUNCHER [WORD…], see launch-words.h. Executes the
 * launcher, which joins the app, at intervals (all times are microseconds), and records the result. It is a process
 * that sleeps, not a timer that starts services: checks leave nothing in any journal, and the interval counts from the
 * end of one check to the beginning of the next.
 *
 * The health check is Docker's (Dockerfile reference, HEALTHCHECK), and a liveness probe of Kubernetes. Startup and
 * readiness checks are the probes of that name (Kubernetes, "Liveness, Readiness, and Startup Probes"): until a startup
 * check has succeeded there is no other, and an app that is not ready goes on.
 *
 * When something changes, the host's journal gets an entry with FIELDS. ACTION is what an unhealthy app leads to
 * (health-event.h). With READY 1, this service has started when the app is healthy and ready, and the pod waits for
 * that: until then checks are made at once and every START-INTERVAL, and the pod fails when the time of the start
 * period and of RETRIES intervals is over. */

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "inside/app-notify.h"
#include "inside/app-status.h"
#include "inside/app-title.h"
#include "inside/health-app.h"
#include "inside/health-event.h"
#include "inside/health-probe.h"
#include "inside/launch-places.h"
#include "inside/launch-words.h"

typedef enum Kind { STARTUP, LIVENESS, READINESS, N_KINDS } Kind;

static const char *const files[N_KINDS] = {
        [STARTUP] = LAUNCH_STARTUP, [LIVENESS] = LAUNCH_HEALTH, [READINESS] = LAUNCH_READINESS,
};

/* What a check has found. */
typedef struct Result {
        Kind kind;
        uint64_t usec; /* since the epoch */
        int status;
        char text[PROBE_TEXT_MAX + 1];
} Result;

#define RESULTS_MAX 5U

typedef struct Health {
        const char *app;
        const char *action, *fields;
        bool waiting; /* the pod's start waits until the app is healthy and ready, and it has not been yet */
        Probe probes[N_KINDS];

        uint32_t pid; /* the app's main process: a different one means a new start of the app */
        uint64_t born;
        Result results[RESULTS_MAX]; /* the last ones that say something, the oldest first */
        size_t n_results;
        bool started;      /* the startup check has succeeded, or there is none */
        bool ready;        /* the readiness check has succeeded */
        const char *state; /* STARTING, HEALTHY or UNHEALTHY */
} Health;

static bool has(const Health *h, Kind kind)
{
        return h->probes[kind].launcher;
}

/* A reader sees either the old record or the new one. */
static void write_record(const Health *h)
{
        const Probe *p = &h->probes[h->started ? LIVENESS : STARTUP], *readiness = &h->probes[READINESS];
        char path[PATH_MAX], temporary[PATH_MAX];
        FILE *f;

        (void) snprintf(path, sizeof(path), STATUS_DIR "/.health-%s", h->app);
        (void) snprintf(temporary, sizeof(temporary), STATUS_DIR "/.health-%s~", h->app);
        f = fopen(temporary, "we");
        if (!f)
                return;
        (void) fprintf(f, "%s\n%llu\n%i\n", h->state, (unsigned long long) p->failures, p->last);
        if (has(h, READINESS))
                (void) fprintf(f, "%s\n%llu\n%i\n", h->ready ? READY : NOT_READY,
                               (unsigned long long) readiness->failures, readiness->last);
        if (fclose(f) == 0)
                (void) rename(temporary, path);
}

static const Result *last_result(const Health *h, Kind kind)
{
        for (size_t i = h->n_results; i > 0; i--)
                if (h->results[i - 1].kind == kind)
                        return &h->results[i - 1];
        return NULL;
}

static void write_results(const Health *h)
{
        char path[PATH_MAX], temporary[PATH_MAX];
        FILE *f;

        (void) snprintf(path, sizeof(path), STATUS_DIR "/.checks-%s", h->app);
        (void) snprintf(temporary, sizeof(temporary), STATUS_DIR "/.checks-%s~", h->app);
        f = fopen(temporary, "we");
        if (!f)
                return;
        for (size_t i = 0; i < h->n_results; i++)
                (void) fprintf(f, "%s %llu %i %s\n", files[h->results[i].kind],
                               (unsigned long long) h->results[i].usec, h->results[i].status, h->results[i].text);
        if (fclose(f) == 0)
                (void) rename(temporary, path);
}

/* Failures, and the first success and those after failures: what goes well all the time is not written down. */
static void keep_result(Health *h, Kind kind, int status)
{
        const Result *last = last_result(h, kind);
        struct timespec now;
        Result *r;

        if (status == 0 && last && last->status == 0)
                return;
        if (h->n_results == RESULTS_MAX)
                memmove(h->results, h->results + 1, --h->n_results * sizeof(Result));
        r = &h->results[h->n_results++];
        (void) clock_gettime(CLOCK_REALTIME, &now);
        *r = (Result) { kind, (uint64_t) now.tv_sec * USEC_PER_SEC + (uint64_t) now.tv_nsec / 1000, status, "" };
        memcpy(r->text, h->probes[kind].text, h->probes[kind].n_text);
        write_results(h);
}

/* What an unhealthy app leads to. All but a restart ends the pod, and this program with it. */
static void act(const Health *h)
{
        if (strcmp(h->action, HEALTH_RESTART) == 0)
                health_app_restart(h->app);
        else if (strcmp(h->action, HEALTH_FAIL) == 0 || (h->waiting && strcmp(h->action, HEALTH_NONE) == 0))
                health_app_end_pod(EXIT_UNHEALTHY);
        else if (strcmp(h->action, HEALTH_STOP) == 0)
                health_app_end_pod(EXIT_SUCCESS);
}

static void report_ready(void)
{
        int manager = app_notify_connect(getenv("NOTIFY_SOCKET"));

        if (manager < 0)
                return;
        (void) app_notify_send(manager, "READY=1", -1);
        (void) close(manager);
}

/* Times */

/* Failures do not count yet. */
static bool in_start_period(const Health *h, Kind kind)
{
        bool starting = kind == READINESS ? !h->ready : strcmp(h->state, STARTING) == 0;

        return starting && probe_now() - h->born < h->probes[kind].start_period;
}

/* Checks are frequent while the start of the pod waits for them, so there have to be more than a few failures. */
static bool has_time(const Health *h, Kind kind)
{
        const Probe *p = &h->probes[kind];
        uint64_t usec;

        if (!h->waiting)
                return false;
        return __builtin_mul_overflow(p->retries, p->interval, &usec) ||
               __builtin_add_overflow(usec, p->start_period, &usec) ||
               __builtin_add_overflow(usec, p->initial_delay, &usec) || probe_now() - h->born < usec;
}

static uint64_t pause_of(const Health *h, Kind kind)
{
        const Probe *p = &h->probes[kind];

        return in_start_period(h, kind) || has_time(h, kind) ? p->start_interval : p->interval;
}

static bool is_active(const Health *h, Kind kind)
{
        return has(h, kind) && (kind == STARTUP) != h->started;
}

/* As with Docker, the first health check comes an interval after the start, unless the start waits for it. */
static void plan_first_check(Health *h, Kind kind)
{
        uint64_t first = h->born + h->probes[kind].initial_delay, now = probe_now();

        if (kind == LIVENESS && !h->waiting)
                first += pause_of(h, kind);
        h->probes[kind].deadline = first > now ? first : now;
}

static void be_born(Health *h, uint32_t pid)
{
        h->pid = pid;
        h->born = probe_now();
        h->started = !has(h, STARTUP);
        h->ready = false;
        h->state = has(h, STARTUP) || has(h, LIVENESS) ? STARTING : HEALTHY;
        for (Kind kind = 0; kind < N_KINDS; kind++) {
                Probe *p = &h->probes[kind];

                probe_cancel(p);
                p->failures = p->successes = 0;
                p->last = 0;
                plan_first_check(h, kind);
        }
        write_record(h);
}

/* Results */

static void become(Health *h, const char *state, const Probe *p)
{
        bool changed = strcmp(h->state, state) != 0;

        h->state = state;
        write_record(h);
        if (!changed)
                return;
        health_event_send(h->app, h->fields, state, p);
        if (strcmp(state, UNHEALTHY) == 0)
                act(h);
}

static void become_ready(Health *h, bool ready, const Probe *p)
{
        bool changed = h->ready != ready;

        h->ready = ready;
        write_record(h);
        if (changed)
                health_event_send(h->app, h->fields, ready ? READY : NOT_READY, p);
}

static void judge_readiness(Health *h, Probe *p)
{
        bool failed = p->failures >= p->retries && !has_time(h, READINESS);

        become_ready(h, p->successes >= p->enough || (h->ready && !failed), p);
        if (failed && h->waiting)
                act(h);
}

static void have_started(Health *h, Probe *p)
{
        h->started = true;
        plan_first_check(h, LIVENESS);
        plan_first_check(h, READINESS);
        become(h, has(h, LIVENESS) ? STARTING : HEALTHY, p);
}

static void judge_health(Health *h, Kind kind, Probe *p)
{
        if (p->last == 0 && kind == STARTUP)
                have_started(h, p);
        else if (p->last == 0)
                become(h, HEALTHY, p);
        else
                become(h, p->failures >= p->retries && !has_time(h, kind) ? UNHEALTHY : h->state, p);
}

static void judge(Health *h, Kind kind, int status)
{
        Probe *p = &h->probes[kind];

        keep_result(h, kind, status);
        p->last = status;
        p->successes = status == 0 ? p->successes + 1 : 0;
        if (status == 0)
                p->failures = 0;
        else if (!in_start_period(h, kind))
                p->failures++;
        if (kind == READINESS)
                judge_readiness(h, p);
        else
                judge_health(h, kind, p);
        if (!h->waiting || strcmp(h->state, HEALTHY) != 0 || (has(h, READINESS) && !h->ready))
                return;
        report_ready();
        h->waiting = false;
}

/* The loop */

static void begin(Health *h, Kind kind)
{
        uint32_t pid = health_app_find(h->app);

        if (pid != 0 && pid != h->pid)
                be_born(h, pid);
        else if (pid != 0)
                probe_begin(&h->probes[kind], pid);
        else
                h->probes[kind].deadline = probe_now() + pause_of(h, kind);
}

/* The result says nothing if the app ended during the check. */
static void end(Health *h, Kind kind, int status)
{
        if (health_app_find(h->app) == h->pid)
                judge(h, kind, status);
        h->probes[kind].deadline = probe_now() + pause_of(h, kind);
}

static void look_at(Health *h, Kind kind)
{
        Probe *p = &h->probes[kind];
        int status;

        probe_drain(p);
        if (!is_active(h, kind))
                return;
        if (p->process == 0 && probe_now() >= p->deadline)
                begin(h, kind);
        if (p->process != 0 && probe_ended(p, &status))
                end(h, kind, status);
}

static void wait_for_next(const Health *h, int child, int timer)
{
        struct pollfd events[2 + N_KINDS] = { { .fd = child, .events = POLLIN }, { .fd = timer, .events = POLLIN } };
        struct signalfd_siginfo info;
        uint64_t next = UINT64_MAX;

        for (Kind kind = 0; kind < N_KINDS; kind++) {
                events[2 + kind] = (struct pollfd) { .fd = h->probes[kind].output, .events = POLLIN };
                if (is_active(h, kind) && h->probes[kind].deadline < next)
                        next = h->probes[kind].deadline;
        }
        (void) timerfd_settime(timer, TFD_TIMER_ABSTIME,
                               &(struct itimerspec) { .it_value = {
                                       .tv_sec = (time_t) (next / USEC_PER_SEC),
                                       .tv_nsec = (long) (next % USEC_PER_SEC) * 1000,
                               } }, NULL);
        (void) poll(events, sizeof(events) / sizeof(events[0]), -1);
        (void) read(child, &info, sizeof(info));
}

/* SIGCHLD is blocked. Returns only if the system has no resources left. */
static void look_after(Health *h)
{
        int timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK), child;
        sigset_t signals;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        child = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
        if (timer < 0 || child < 0)
                return;
        be_born(h, health_app_find(h->app));
        for (;;) {
                wait_for_next(h, child, timer);
                for (Kind kind = 0; kind < N_KINDS; kind++)
                        look_at(h, kind);
        }
}

/* Words */

/* In a pod that was started by an older podctl, the launcher comes earlier. */
static bool read_action(Health *h, char **words, size_t n, size_t *i)
{
        h->action = HEALTH_NONE;
        h->fields = "";
        if (words[*i][0] == '/')
                return true;
        if (n < *i + 4)
                return false;
        h->action = words[(*i)++];
        h->waiting = strcmp(words[(*i)++], "1") == 0;
        h->fields = words[(*i)++];
        return true;
}

static void read_readiness(Probe *p, char **words, size_t n, size_t *i)
{
        p->enough = 1;
        if (words[*i][0] == '/' || n < *i + 3)
                return;
        p->initial_delay = strtoull(words[(*i)++], NULL, 10);
        p->enough = strtoull(words[(*i)++], NULL, 10);
}

static int read_words(Health *h, Probe *p, const char *path)
{
        uint64_t *const numbers[] = { &p->interval, &p->timeout, &p->start_period, &p->start_interval, &p->retries };
        size_t n, i = 0;
        char **words = launch_words_read(path, 0, &n);

        if (!words || n < 7)
                return -1;
        h->app = words[i++];
        for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
                *numbers[j] = strtoull(words[i++], NULL, 10);
        if (!read_action(h, words, n, &i))
                return -1;
        read_readiness(p, words, n, &i);
        p->output = -1;
        p->launcher = words + i - 1;
        p->launcher[0] = words[i];
        return 0;
}

static int read_file(Health *h, const char *path)
{
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

        for (Kind kind = 0; kind < N_KINDS; kind++)
                if (strcmp(name, files[kind]) == 0)
                        return read_words(h, &h->probes[kind], path);
        return -1;
}

int main(int argc, char *argv[])
{
        Health h = { .probes = { { .output = -1 }, { .output = -1 }, { .output = -1 } } };
        char title[64];
        sigset_t child;

        for (int i = 1; i < argc; i++)
                if (read_file(&h, argv[i]) < 0)
                        return EXIT_FAILURE;
        if (!h.app)
                return EXIT_FAILURE;

        (void) snprintf(title, sizeof(title), "podctl-health %s", h.app);
        app_title_set(argc, argv, title);
        (void) sigemptyset(&child);
        (void) sigaddset(&child, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &child, NULL);
        look_after(&h);
        return EXIT_FAILURE;
}
