/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/output-follow.h"
#include "cli/pod-journal.h"

struct OutputFollow {
        sd_journal *journal;
        sd_event_source *timer;
        char *directory;
        char **matches; /* one for each app */
        bool prefixed; /* several apps: each line begins with its app's name */
};

/* journald tells its readers of new entries by a file event, but not of every one at once. */
#define POLL_USEC (250 * 1000ULL)

/* By the name that systemd gave the app's output. journald tells the unit by looking at the process, which may be gone
 * before it gets to that. */
static int add_matches(OutputFollow *o, const Pod *pod)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                int r = strv_extendf(&o->matches, "SYSLOG_IDENTIFIER=%s", pod->manifest->apps[i].name);
                if (r < 0)
                        return r;
        }
        o->prefixed = pod->manifest->n_apps > 1;
        return 0;
}

/* The directory is there from the start, files in it only once journald runs. */
static int open_journal(OutputFollow *o)
{
        int r;

        if (o->journal)
                return 0;

        r = sd_journal_open_directory(&o->journal, o->directory, 0);
        if (r < 0)
                return r;
        /* Without it the journal does not look for files that come later (sd_journal_process(3)). */
        r = sd_journal_get_fd(o->journal);
        if (r < 0)
                return r;
        STRV_FOREACH(match, o->matches) {
                r = sd_journal_add_match(o->journal, *match, 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void print_new_entries(OutputFollow *o)
{
        if (open_journal(o) < 0)
                return;
        (void) sd_journal_process(o->journal);

        while (sd_journal_next(o->journal) > 0) {
                size_t n_text, n_name = 0;
                const char *name = o->prefixed ? journal_field(o->journal, "SYSLOG_IDENTIFIER", &n_name) : NULL, *text;

                if (name)
                        (void) printf("%.*s: ", (int) n_name, name);
                text = journal_field(o->journal, "MESSAGE", &n_text);
                if (text)
                        (void) fwrite(text, 1, n_text, stdout);
                (void) fputc('\n', stdout);
        }
        (void) fflush(stdout);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
        print_new_entries(userdata);
        (void) sd_event_source_set_time_relative(source, POLL_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int output_follow_new(sd_event *event, const Pod *pod, OutputFollow **ret)
{
        OutputFollow *o = new0(OutputFollow, 1);
        int r;

        if (!o)
                return -ENOMEM;

        /* Where the pod will be once it runs. */
        o->directory = strjoin(pod->store->data, "/pods/run/", pod->uuid.s, "/journal");
        r = o->directory ? add_matches(o, pod) : -ENOMEM;
        if (r >= 0)
                r = sd_event_add_time_relative(event, &o->timer, CLOCK_MONOTONIC, POLL_USEC, 0, on_timer, o);
        if (r < 0) {
                output_follow_free(o);
                return r;
        }

        *ret = o;
        return 0;
}

OutputFollow *output_follow_free(OutputFollow *o)
{
        if (!o)
                return NULL;

        sd_event_source_disable_unref(o->timer);
        if (o->journal)
                sd_journal_close(o->journal);
        strv_free(o->matches);
        free(o->directory);
        return mfree(o);
}

void output_follow_finish(OutputFollow *o)
{
        print_new_entries(o);
}
