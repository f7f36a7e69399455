/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "cli/terminal/pod-journal.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"

typedef struct LogsArgs {
        char *app;
        bool all;
        bool follow;
        char *lines;
        char *output;
        char *since;
} LogsArgs;

static const Option options[] = {
        { "all", &option_bool, offsetof(LogsArgs, all), NULL, "What the pod's own services say, too" },
        { "app", &option_string, offsetof(LogsArgs, app), "APP", "Of this app only" },
        { "follow", &option_bool, offsetof(LogsArgs, follow), NULL, "Go on with what comes", 'f' },
        { "lines", &option_string, offsetof(LogsArgs, lines), "N", "The last N lines", 'n' },
        { "output", &option_choice, offsetof(LogsArgs, output), "FORMAT", "Format: short, short-iso, cat or json", 'o',
          .choices = "short|short-iso|cat|json" },
        { "since", &option_string, offsetof(LogsArgs, since), "TIME", "Not before this time" },
        {},
};

static int parse_args(const LogsArgs *args, JournalQuery *ret)
{
        *ret = (JournalQuery) { .app = args->app, .everything = args->all, .lines = JOURNAL_ALL_LINES };
        if (args->lines && !streq(args->lines, "all") &&
            (parse_uint64(args->lines, &ret->lines) < 0 || ret->lines > INT32_MAX))
                return log_error_errno(EINVAL, "Option --lines takes a number or all, not '%s'", args->lines);
        if (args->since && parse_point_in_time(args->since, now_nsec() / 1000, &ret->since_usec) < 0)
                return log_error_errno(
                        EINVAL,
                        "Option --since takes a time like '2026-01-31 12:00', '12:00', 'today' or '-1h', not '%s'",
                        args->since);
        return 0;
}

static int show(Pod *pod, const LogsArgs *args, const JournalQuery *query)
{
        JournalFormat format = args->output ? journal_format_from_string(args->output) : JOURNAL_SHORT;
        sd_journal *j;
        int r;

        r = pod_journal_open(pod, query, &j);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return log_error_errno(r, "Cannot open the journal of pod %s: %m", pod->uuid.s);
        r = args->follow && pod->state == POD_RUNNING ? pod_journal_follow(j, pod, format, stdout)
                                                      : pod_journal_print(j, format, stdout);
        sd_journal_close(j);
        /* Who only wanted the beginning has it; whether that is so, or the disk is full, is looked at when a verb
         * ends. */
        return r < 0 && !ferror(stdout) ? log_error_errno(r, "Cannot read the journal of pod %s: %m", pod->uuid.s) : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const LogsArgs *args = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        JournalQuery query;
        int r;

        r = parse_args(args, &query);
        if (r >= 0)
                r = context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        r = pod_hold(pod);
        if (r < 0)
                return log_error_errno(r, "Cannot hold pod '%s': %m", words[0]);
        if (args->app && !appc_pod_find_app(pod->manifest, args->app))
                return log_error_errno(ENOENT, "Pod '%s' has no app '%s'", words[0], args->app);
        return show(pod, args, &query);
}

const Verb verb_logs = {
        .name = "logs",
        .usage = "POD",
        .summary = "Show what a pod's apps have written",
        .options = options,
        .args_size = sizeof(LogsArgs),
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run,
};
