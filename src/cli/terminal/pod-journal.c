/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "cli/context.h"
#include "cli/terminal/journal-walls.h"
#include "cli/terminal/pod-journal.h"
#include "pod/plan-journal.h"
#include "shared/explain.h"
#include "shared/worker.h"

/* The command line */

/* Entries of a process that had gone before journald could look at it have no unit, only the name of its output. */
static int match_in_pod(const char *app, char ***argv)
{
        int r;

        r = strv_extendf(argv, "_SYSTEMD_UNIT=%s.service", app);
        if (r < 0)
                return r;
        r = strv_extend(argv, "+");
        return r < 0 ? r : strv_extendf(argv, "SYSLOG_IDENTIFIER=%s", app);
}

/* Any user of the host can write the pod's fields, but not under the name of its unit. */
static int match_on_host(const JournalPlace *place, const char *app, char ***argv)
{
        int r;

        r = place->unit ? strv_extendf(argv, "_SYSTEMD_UNIT=%s", place->unit) : 0;
        if (r < 0)
                return r;
        r = strv_extendf(argv, "PODCTL_POD_UUID=%s", place->uuid);
        return r < 0 || !app ? r : strv_extendf(argv, "PODCTL_APP=%s", app);
}

static int match_app(const JournalPlace *place, const char *app, char ***argv)
{
        return place->directory ? match_in_pod(app, argv) : match_on_host(place, app, argv);
}

/* Entries of any app of the pod. systemd gives its own about an app's unit the same fields. */
static int match_apps_in_pod(const char *uuid, char ***argv)
{
        int r = strv_extendf(argv, "PODCTL_POD_UUID=%s", uuid);

        return r < 0 ? r : strv_extend(argv, "_TRANSPORT=stdout");
}

/* Apps of a mutable pod come and go: their entries have the pod's UUID all the same. Without any match, journalctl
 * would print all that it finds. */
static int match_pod(const AppcPod *manifest, const JournalPlace *place, char ***argv)
{
        bool by_uuid = place->directory || appc_pod_is_mutable(manifest) || manifest->n_apps == 0;
        int r = !by_uuid ? 0 : place->directory ? match_apps_in_pod(place->uuid, argv)
                                                : match_on_host(place, NULL, argv);

        for (size_t i = 0; r >= 0 && i < manifest->n_apps && (place->directory || !by_uuid); i++) {
                r = by_uuid || i > 0 ? strv_extend(argv, "+") : 0;
                if (r >= 0)
                        r = match_app(place, manifest->apps[i].name, argv);
        }
        return r;
}

static int add_matches(const AppcPod *manifest, const JournalPlace *place, const JournalQuery *query, char ***argv)
{
        if (query->everything)
                return place->directory ? 0 : match_on_host(place, NULL, argv);
        return query->app ? match_app(place, query->app, argv) : match_pod(manifest, place, argv);
}

char *journal_time(const char *text)
{
        uint64_t ignored;

        return parse_duration(text, &ignored) >= 0 ? strjoin("-", text) : strdup(text);
}

static int add_values(const JournalQuery *query, char ***argv)
{
        _cleanup_free_ char *since = query->since ? journal_time(query->since) : NULL,
                            *until = query->until ? journal_time(query->until) : NULL;
        const struct {
                const char *name, *value;
        } options[] = {
                { "cursor", query->cursor },     { "grep", query->grep },         { "lines", query->lines },
                { "output", query->output },     { "priority", query->priority }, { "since", since },
                { "until", until },
        };
        int r;

        if ((query->since && !since) || (query->until && !until))
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                r = options[i].value ? strv_extendf(argv, "--%s=%s", options[i].name, options[i].value) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_flags(const JournalQuery *query, char ***argv)
{
        const struct {
                bool set;
                const char *word;
        } flags[] = {
                { true, "--quiet" }, /* no lines of its own between those of the journal */
                { true, "--all" },   /* as the apps wrote it: long fields, and what is not text */
                { query->no_pager, "--no-pager" },
                { query->reverse, "--reverse" },
                { query->follow, "--follow" },
                /* Otherwise journalctl shows only what it takes for the current boot, and an empty journal has no
                 * boot. */
                { query->follow, "--merge" },
                { query->follow && !query->lines, "--no-tail" },
                { query->show_cursor, "--show-cursor" },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(flags); i++) {
                r = flags[i].set ? strv_extend(argv, flags[i].word) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

int pod_journal_command(const AppcPod *manifest, const JournalPlace *place, const JournalQuery *query, char ***ret)
{
        _cleanup_strv_free_ char **argv = NULL;
        int r;

        r = strv_extend(&argv, "journalctl");
        if (r < 0)
                return r;
        r = place->directory ? strv_extendf(&argv, "--directory=%s", place->directory) : 0;
        if (r < 0)
                return r;
        r = add_flags(query, &argv);
        if (r < 0)
                return r;
        r = add_values(query, &argv);
        if (r < 0)
                return r;
        r = add_matches(manifest, place, query, &argv);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(argv);
        return 0;
}

/* Running it */

/* journalctl has a terminal to itself, for its pager and colours. Otherwise its output comes to us, since it does not
 * report what it cannot write. */
typedef struct Reading {
        char **argv;
        const char *directory; /* NULL: the host's */
        Worker journalctl;
        int pipe[2];    /* of its output; negative: the terminal has it */
        Pod *pod;       /* that is followed; NULL: none, or it has ended */
        int supervisor; /* readable when the pod has ended; negative: not known yet, or no longer */
        bool stopping;  /* the pod has ended */
        bool stopped;   /* so journalctl was asked to end */
        int error;      /* of writing its output */
} Reading;

static void reading_done(Reading *r)
{
        worker_done(&r->journalctl);
        safe_close(r->pipe[0]);
        safe_close(r->pipe[1]);
        safe_close(r->supervisor);
}

static int become_journalctl(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Reading *r = userdata;
        int k = r->directory ? journal_walls_raise(r->directory, reterr_message) : 0;

        if (k < 0)
                return k;
        if (r->pipe[1] >= 0 && dup2(r->pipe[1], STDOUT_FILENO) < 0)
                return -errno;
        (void) execv(JOURNALCTL, r->argv);
        return -errno;
}

static int start(Reading *r, bool piped)
{
        int k;

        if (piped && pipe2(r->pipe, O_CLOEXEC) < 0)
                return -errno;
        k = worker_start(become_journalctl, r, &r->journalctl);
        if (k < 0)
                return k;
        r->pipe[1] = safe_close(r->pipe[1]);
        /* journalctl and its pager react to the keys of the terminal; we wait for them. */
        (void) signal(SIGINT, SIG_IGN);
        return 0;
}

static void carry(Reading *r)
{
        char data[16384];
        ssize_t n = read(r->pipe[0], data, sizeof(data));

        if (n < 0 && errno == EINTR)
                return;
        if (n > 0)
                r->error = loop_write(STDOUT_FILENO, data, (size_t) n);
        if (n <= 0 || r->error < 0)
                r->pipe[0] = safe_close(r->pipe[0]);
}

/* Whether a process waits for an event, and so has dealt with all that came before; it does not wait for its output to
 * be read, or for a processor. Where that cannot be known, it is assumed. */
static bool is_waiting(pid_t pid)
{
        static const long waits[] = {
                SYS_epoll_pwait, SYS_epoll_pwait2,
#ifdef SYS_epoll_wait
                SYS_epoll_wait,
#endif
#ifdef SYS_ppoll
                SYS_ppoll,
#endif
#ifdef SYS_ppoll_time64
                SYS_ppoll_time64,
#endif
        };
        _cleanup_free_ char *path = strprintf("/proc/%i/syscall", pid), *text = NULL;
        long number;

        if (!path || read_file_at(AT_FDCWD, path, 4096, &text, NULL) < 0)
                return true;
        if (sscanf(text, "%li", &number) != 1)
                return false; /* "running" */
        for (size_t i = 0; i < ELEMENTSOF(waits); i++)
                if (waits[i] == number)
                        return true;
        return false;
}

/* journald reports what it has written after a while, and never if it was killed. Setting the times of the file to what
 * they are is an event that makes journalctl look once more. */
static void have_it_look(const Reading *r)
{
        _cleanup_free_ char *path = strjoin(r->directory ?: "/nonexistent", "/system.journal");
        struct stat st;

        if (path && fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                (void) utimensat(AT_FDCWD, path, (struct timespec[]) { st.st_atim, st.st_mtim }, AT_SYMLINK_NOFOLLOW);
}

/* journalctl does not know of pods: it is stopped when the pod has ended and all of the journal was read. */
static void look_after(Reading *r)
{
        if (r->pod && (pod_refresh(r->pod) < 0 || !pod_state_is_alive(r->pod->state))) {
                r->pod = NULL;
                r->stopping = true;
                have_it_look(r);
        }
        if (r->stopping && !r->stopped && is_waiting(r->journalctl.pid)) {
                r->stopped = true;
                (void) kill(r->journalctl.pid, SIGTERM);
        }
}

/* How often the pod and journalctl are looked at. The end of the pod's process is an event, but not that its lock is
 * free, nor that journalctl has read everything. */
#define STEP_MSEC 100

static void watch(Reading *r)
{
        for (;;) {
                struct pollfd polls[] = {
                        { .fd = r->pipe[0], .events = POLLIN },
                        { .fd = r->journalctl.pidfd, .events = POLLIN },
                        { .fd = r->supervisor, .events = POLLIN },
                };

                if (poll(polls, ELEMENTSOF(polls), r->pod || r->stopping ? STEP_MSEC : -1) < 0)
                        continue;
                if (polls[0].revents)
                        carry(r);
                else if (polls[1].revents || r->error < 0)
                        return;
                if (polls[2].revents)
                        r->supervisor = safe_close(r->supervisor);
                look_after(r);
        }
}

static int finish(Reading *r)
{
        _cleanup_free_ char *message = NULL;
        int k;

        if (r->error == -EPIPE) /* the reader has had enough */
                return 0;
        if (r->error < 0)
                return log_error_errno(r->error, "Cannot write the output: %m");
        k = worker_finish(&r->journalctl, NULL, 0, &message);
        if (k == 0 || r->stopped)
                return 0;
        if (k == -ECHILD) /* by a signal: Ctrl-C was pressed */
                return 128 + SIGINT;
        if (k == -EXIT_FAILURE) /* its own; it has reported why */
                return EXIT_PODCTL_FAILED;
        return log_explained(k, message, "Cannot run " JOURNALCTL);
}

/* The line that --show-cursor adds at the end; NULL: there was no entry before it. */
static int read_cursor(int fd, char **ret)
{
        static const char prefix[] = "-- cursor: ";
        _cleanup_free_ char *line = NULL, *cursor = NULL;
        FILE *f = fdopen(fd, "r");
        size_t allocated = 0, n_lines = 0;

        if (!f)
                return -errno;
        for (; getline(&line, &allocated, f) > 0; n_lines++) {
                const char *value = startswith(line, prefix);

                cursor = mfree(cursor);
                if (value && n_lines > 0 && !(cursor = strndup(value, strcspn(value, "\n"))))
                        break;
        }
        (void) fclose(f);
        *ret = TAKE_PTR(cursor);
        return 0;
}

/* Where the last lines since a point in time begin: journalctl of systemd 252 takes the first ones instead. A positive
 * value as of finish(). */
static int find_first(Pod *pod, const JournalPlace *place, const JournalQuery *query, char **ret)
{
        JournalQuery backwards = *query;
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_(reading_done) Reading reading = {
                .directory = place->directory, .journalctl = WORKER_NONE, .pipe = { -EBADF, -EBADF },
                .supervisor = -EBADF,
        };
        int r;

        backwards.follow = false;
        backwards.reverse = backwards.no_pager = backwards.show_cursor = true;
        backwards.output = (char *) "cat";
        r = pod_journal_command(pod->manifest, place, &backwards, &argv);
        if (r < 0)
                return log_oom();
        reading.argv = argv;
        r = start(&reading, true);
        if (r < 0)
                return log_error_errno(r, "Cannot run " JOURNALCTL ": %m");
        r = read_cursor(TAKE_FD(reading.pipe[0]), ret);
        return r < 0 ? log_error_errno(r, "Cannot read what " JOURNALCTL " prints: %m") : finish(&reading);
}

static int show(Pod *pod, const JournalPlace *place, const JournalQuery *query)
{
        _cleanup_free_ char *cursor = NULL;
        _cleanup_strv_free_ char **argv = NULL;
        JournalQuery now = *query;
        _cleanup_(reading_done) Reading reading = {
                .directory = place->directory, .journalctl = WORKER_NONE, .pipe = { -EBADF, -EBADF },
                .supervisor = -EBADF,
        };
        int r;

        now.follow = query->follow && pod_state_is_alive(pod->state);
        if (query->since && query->lines && !query->reverse) {
                r = find_first(pod, place, query, &cursor);
                if (r != 0)
                        return r;
                /* Without an entry there are no last lines; with a cursor, it begins there. */
                now.lines = NULL;
                now.cursor = cursor;
                now.since = cursor ? NULL : query->since;
        }
        r = pod_journal_command(pod->manifest, place, &now, &argv);
        if (r < 0)
                return log_oom();
        reading.argv = argv;
        if (now.follow) {
                reading.pod = pod;
                reading.supervisor = pod_supervisor_pidfd(pod);
        }
        r = start(&reading, !isatty(STDOUT_FILENO));
        if (r < 0)
                return log_error_errno(r, "Cannot run " JOURNALCTL ": %m");
        watch(&reading);
        return finish(&reading);
}

int pod_journal_show(Pod *pod, const JournalQuery *query)
{
        PlanLog log = pod->settings->log ? plan_log_from_string(pod->settings->log) : PLAN_LOG_BOTH;
        _cleanup_free_ char *directory = pod_path(pod, "journal");
        JournalPlace place = { .directory = directory, .unit = pod->settings->unit, .uuid = pod->uuid.s };

        if (!directory)
                return log_oom();
        if (log == PLAN_LOG_NONE)
                log_warning("Pod '%s' keeps no logs: it was started with --log=none", pod->settings->name);
        if (log == PLAN_LOG_HOST)
                place.directory = NULL;
        else if (access(directory, F_OK) < 0 && errno == ENOENT)
                return 0;
        return show(pod, &place, query);
}
