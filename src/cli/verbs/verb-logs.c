/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "cli/terminal/pod-journal.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"

static const Option options[] = {
        { "all", &option_bool, offsetof(JournalQuery, everything), NULL, "Also show the pod's own services" },
        { "app", &option_string, offsetof(JournalQuery, app), "APP", "Show this app only" },
        { "follow", &option_bool, offsetof(JournalQuery, follow), NULL, "Continue with new entries", 'f' },
        { "grep", &option_string, offsetof(JournalQuery, grep), "PATTERN", "Only entries that match PATTERN", 'g' },
        { "lines", &option_string, offsetof(JournalQuery, lines), "N", "The last N lines", 'n' },
        { "no-pager", &option_bool, offsetof(JournalQuery, no_pager), NULL, "Do not use a pager" },
        { "output", &option_choice, offsetof(JournalQuery, output), "FORMAT",
          "A format of journalctl: short, cat, json …", 'o', .choices = JOURNAL_FORMATS },
        { "priority", &option_string, offsetof(JournalQuery, priority), "RANGE",
          "Only entries of these priorities", 'p' },
        { "reverse", &option_bool, offsetof(JournalQuery, reverse), NULL, "Newest entries first", 'r' },
        { "since", &option_string, offsetof(JournalQuery, since), "TIME", "Only entries since then", 'S' },
        { "until", &option_string, offsetof(JournalQuery, until), "TIME", "Only entries until then", 'U' },
        {},
};

/* journalctl reports what is wrong with the other options. */
static int check_lines(const char *lines)
{
        uint64_t n;

        if (!lines || streq(lines, "all") || (parse_uint64(lines, &n) >= 0 && n <= INT32_MAX))
                return 0;
        return log_error_errno(EINVAL, "Option --lines takes a number or all, not '%s'", lines);
}

static int no_such_app(const Pod *pod, const char *name, const char *app)
{
        if (appc_pod_is_mutable(pod->manifest))
                return log_error_errno(ENOENT, "Pod '%s' has no app '%s'; lines of an app that was removed are "
                                       "shown without --app", name, app);
        return log_error_errno(ENOENT, "Pod '%s' has no app '%s'", name, app);
}

static int run(Context *c, void *userdata, char **words)
{
        const JournalQuery *query = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        r = check_lines(query->lines);
        if (r < 0)
                return r;
        r = context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        r = pod_hold(pod);
        if (r < 0)
                return log_error_errno(r, "Cannot hold pod '%s': %m", words[0]);
        if (query->app && !appc_pod_find_app(pod->manifest, query->app))
                return no_such_app(pod, words[0], query->app);
        return pod_journal_show(pod, query);
}

const Verb verb_logs = {
        .name = "logs",
        .usage = "POD",
        .summary = "Show what a pod's apps have written",
        .options = options,
        .args_size = sizeof(JournalQuery),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run,
};
