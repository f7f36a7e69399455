/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-event.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/start/interrupts.h"
#include "cli/start/pod-json.h"
#include "cli/start/usage-list.h"
#include "cli/verbs/verbs.h"
#include "unit/unit-wait.h"

/* Two readings, between which the share of CPU is measured; or one after another, each compared with the last. */

typedef struct StatsArgs {
        char *format;
        uint64_t interval_usec;
        bool watch;
} StatsArgs;

#define NOT_GIVEN UINT64_MAX
#define INTERVAL_ONCE (1 * USEC_PER_SEC)
#define INTERVAL_WATCH (2 * USEC_PER_SEC)
/* Less is more work than is measured; more than this is not watching. */
#define INTERVAL_MIN (USEC_PER_SEC / 10)
#define INTERVAL_MAX (24 * 3600 * USEC_PER_SEC)

#define CLEAR_SCREEN "\033[H\033[2J"

static const Option options[] = {
        { "format", &option_choice, offsetof(StatsArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "interval", &option_duration, offsetof(StatsArgs, interval_usec), "TIME",
          "Time between two readings: 1s, with --watch 2s" },
        { "watch", &option_bool, offsetof(StatsArgs, watch), NULL, "Go on until interrupted" },
        {},
};

typedef struct Stats {
        const StatsArgs *args;
        PodStore *store;
        char **words;
        UsageList before;
} Stats;

static void stats_done(Stats *s)
{
        usage_list_done(&s->before);
}

static int print_usage_table(const Stats *s, const UsageList *now)
{
        _cleanup_(table_done) Table table = {};
        const char *terminal = getenv("TERM");
        int r;

        r = usage_list_add_rows(now, &s->before, &table);
        if (r < 0)
                return r;
        if (s->args->watch && isatty(STDOUT_FILENO) && terminal && !streq(terminal, "dumb"))
                (void) fputs(CLEAR_SCREEN, stdout);
        return table_print(&table, stdout);
}

static int print_usage_json(const Stats *s, const UsageList *now)
{
        _cleanup_json_object_ json_object *list = usage_list_to_json(now, &s->before);

        (void) print_json(list, s->args->format);
        return 0;
}

static int read_list(const Stats *s, UsageList *ret)
{
        int r = usage_list_read(s->store, s->words, ret);

        return r < 0 ? log_error_errno(r, "Cannot read what the pods use: %m") : 0;
}

/* None of the pods that were asked for runs any more. */
static bool nothing_left(const Stats *s, const UsageList *now)
{
        return s->words[0] && now->n == 0;
}

/* 0: that was the last one. */
static int show_next(Stats *s)
{
        _cleanup_(usage_list_done) UsageList now = {};
        int r;

        r = read_list(s, &now);
        if (r < 0)
                return r;
        if (s->args->watch && nothing_left(s, &now))
                return 0;
        r = s->args->format ? print_usage_json(s, &now) : print_usage_table(s, &now);
        if (r < 0)
                return log_error_errno(r, "Cannot show what the pods use: %m");
        /* Where that fails, the end of the program reports it. */
        if (fflush(stdout) != 0)
                return 0;
        usage_list_done(&s->before);
        s->before = TAKE_GENERIC(now, (UsageList) {});
        return s->args->watch;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        Stats *s = userdata;
        int r;

        r = show_next(s);
        if (r <= 0)
                return sd_event_exit(sd_event_source_get_event(source), r);
        r = sd_event_source_set_time_relative(source, s->args->interval_usec);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 0);
}

/* A pod that was asked for has ended; the next reading may be far away. */
static int on_end(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        _cleanup_(usage_list_done) UsageList now = {};
        const Stats *s = userdata;
        int r;

        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        r = read_list(s, &now);
        if (r >= 0 && !nothing_left(s, &now))
                return 0;
        return sd_event_exit(sd_event_source_get_event(source), r);
}

static int watch_end(Stats *s, sd_event *event, const Pod *pod)
{
        _cleanup_close_ int pidfd = pod_supervisor_pidfd(pod);
        sd_event_source *source;
        int r;

        if (pidfd < 0)
                return 0;
        r = sd_event_add_io(event, &source, pidfd, EPOLLIN, on_end, s);
        if (r < 0)
                return r;
        TAKE_FD(pidfd);
        (void) sd_event_source_set_io_fd_own(source, true);
        return sd_event_source_set_floating(source, true);
}

static int check_pod(Context *c, Stats *s, sd_event *event, const char *word)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        r = context_find_pod(c, word, &pod);
        if (r < 0)
                return r;
        if (pod->state != POD_RUNNING)
                return log_error_errno(ESRCH, "Pod '%s' is not running, but %s", word, pod_state_to_string(pod->state));
        r = s->args->watch ? watch_end(s, event, pod) : 0;
        return r < 0 ? log_error_errno(r, "Cannot wait for pod %s: %m", pod->uuid.s) : 0;
}

/* What is read at first is not shown, but compared with; it is not long until there is something to see. */
static int begin(Stats *s, sd_event *event)
{
        uint64_t interval = s->args->interval_usec, first = s->args->watch ? MIN(interval, INTERVAL_ONCE) : interval;
        int r;

        r = sd_event_add_time_relative(event, NULL, CLOCK_MONOTONIC, first, 1, on_time, s);
        if (r >= 0 && s->args->watch)
                r = interrupts_watch(event, on_interrupt, s);
        return r < 0 ? log_error_errno(r, "Cannot wait: %m") : read_list(s, &s->before);
}

static int check_interval(StatsArgs *args)
{
        if (args->interval_usec == NOT_GIVEN)
                args->interval_usec = args->watch ? INTERVAL_WATCH : INTERVAL_ONCE;
        if (args->interval_usec < INTERVAL_MIN || args->interval_usec > INTERVAL_MAX)
                return log_error_errno(ERANGE, "Option --interval takes a time from 100ms to 24h");
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_event_ sd_event *event = NULL;
        _cleanup_(stats_done) Stats s = { .args = userdata, .words = words };
        int r;

        r = check_interval(userdata);
        if (r < 0)
                return r;
        r = context_pods(c, &s.store);
        if (r < 0)
                return r;
        if (sd_event_new(&event) < 0)
                return log_oom();
        STRV_FOREACH(word, words) {
                r = check_pod(c, &s, event, *word);
                if (r < 0)
                        return r;
        }
        r = begin(&s, event);
        return r < 0 ? r : sd_event_loop(event);
}

static const StatsArgs presets = { .interval_usec = NOT_GIVEN };

const Verb verb_stats = {
        .name = "stats",
        .usage = "[POD…]",
        .summary = "Show what running pods use",
        .options = options,
        .args_size = sizeof(StatsArgs),
        .presets = &presets,
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
