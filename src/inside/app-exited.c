/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, whenever an app has ended (ExecStopPost=), and when that was killed with the app
 * (OnFailure=) or the app was stopped before a restart (OnSuccess=): records the app's exit status, and ends the pod
 * with that status if it is the first app that failed, as rkt did. It links only libc, since the end of every app waits
 * for it. systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager", describes $EXIT_CODE,
 * $EXIT_STATUS and the others. */

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-leftovers.h"
#include "inside/app-output.h"
#include "inside/app-record.h"
#include "inside/app-status.h"
#include "inside/launch-places.h"
#include "inside/own-group.h"

#define READY_MARK "/run/podctl-ready"   /* podctl-ready.socket */
#define ENDING_MARK "/run/podctl-ending" /* podctl-ending.socket */
#define KEEP_UNIT "podctl-keep.service"
#define JOURNAL "/var/log/journal/*/system.journal"

/* systemd numbers real-time signals from the first one. */
static int signal_number(const char *name)
{
        if (strncmp(name, "RTMIN", strlen("RTMIN")) == 0)
                return SIGRTMIN + atoi(name + strlen("RTMIN"));
        for (int i = 1; i < NSIG; i++) {
                const char *abbreviation = sigabbrev_np(i);

                if (abbreviation && strcmp(abbreviation, name) == 0)
                        return i;
        }
        return atoi(name);
}

/* A variable of this unit, or of the one because of which it was started: names of the latter begin with MONITOR_. */
static const char *told(const char *name)
{
        return getenv(name + (getenv("MONITOR_UNIT") ? 0 : strlen("MONITOR_")));
}

/* A unit that could not start, since one that it needs failed, has no end; systemd tells of its failure as well. */
static bool never_ran(void)
{
        const char *result = told("MONITOR_SERVICE_RESULT");

        return getenv("MONITOR_UNIT") && !told("MONITOR_EXIT_CODE") && result && strcmp(result, "success") == 0;
}

/* As in a shell: 128 plus the signal for an app that was killed. */
static int exit_status(void)
{
        const char *code = told("MONITOR_EXIT_CODE"), *status = told("MONITOR_EXIT_STATUS");

        if (!code || !status)
                return 1; /* it was never started */
        return strcmp(code, "exited") == 0 ? atoi(status) : 128 + signal_number(status);
}

/* To systemd, an app that is ended by one of these signals has ended well (systemd.service(5), SuccessExitStatus=).
 * That is right if the app was asked to end; otherwise it was killed. */
static bool is_clean_signal(int status)
{
        return status == 128 + SIGHUP || status == 128 + SIGINT || status == 128 + SIGTERM || status == 128 + SIGPIPE;
}

/* The lines that `systemctl show` prints of the app's unit. */
static bool show_unit(const char *app, const char *properties, char *ret, size_t size)
{
        char unit[NAME_MAX];
        size_t length = 0;
        int out[2];
        ssize_t n;
        pid_t pid;

        (void) snprintf(unit, sizeof(unit), "%s.service", app);
        if (pipe2(out, O_CLOEXEC) < 0)
                return false;
        pid = fork();
        if (pid == 0) {
                if (dup2(out[1], STDOUT_FILENO) >= 0)
                        (void) execve("/usr/bin/systemctl",
                                      (char *[]) { (char *) "systemctl", (char *) "show", (char *) properties,
                                                   (char *) "--", unit, NULL },
                                      (char *[]) { NULL });
                _exit(EXIT_FAILURE);
        }
        (void) close(out[1]);
        while (length < size - 1 && (n = read(out[0], ret + length, size - 1 - length)) > 0)
                length += (size_t) n;
        (void) close(out[0]);
        ret[length] = 0;
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
        return length > 0;
}

/* The job's line has its number, or nothing. */
static bool names_job(const char *lines)
{
        const char *line = strstr(lines, "Job=");

        return line && atoi(line + strlen("Job=")) > 0;
}

/* Whether there is a job for the app's unit. */
static bool has_job(const char *app)
{
        char lines[64];

        return show_unit(app, "--property=Job", lines, sizeof(lines)) && names_job(lines);
}

/* Whether it neither runs nor waits for its restart, and nobody starts it. */
static bool is_stopped(const char *app)
{
        char lines[128];

        return show_unit(app, "--property=ActiveState,Job", lines, sizeof(lines)) && !names_job(lines) &&
               (strstr(lines, "ActiveState=inactive\n") || strstr(lines, "ActiveState=failed\n"));
}

/* How many processes of the app's group the kernel has killed for want of memory; this program is in the same group. A
 * pod whose memory is not counted has no such file. */
static unsigned long killed_for_memory(void)
{
        char group[OWN_GROUP_MAX], path[OWN_GROUP_MAX + 32], line[128];
        unsigned long n = 0;
        FILE *f;

        if (!own_group_path(group))
                return 0;
        (void) snprintf(path, sizeof(path), "%s/memory.events", group);
        f = fopen(path, "re");
        while (f && fgets(line, sizeof(line), f))
                if (strncmp(line, "oom_kill ", strlen("oom_kill ")) == 0)
                        n = strtoul(line + strlen("oom_kill "), NULL, 10);
        if (f)
                (void) fclose(f);
        return n;
}

/* Only a hook after the start makes the unit fail while the app itself ends well. systemd has ended the app then, and
 * the job of its start is still there. */
static bool hook_failed(int status, const char *result)
{
        return (status == 0 || is_clean_signal(status)) && result && strcmp(result, "exit-code") == 0;
}

static bool pod_is_ending(void)
{
        return access(ENDING_MARK, F_OK) == 0;
}

/* Whether the app was asked to end: the pod is ending, or there is a job for the app's unit. While the app ends, that
 * can only be a stop job, but for an app that ends so fast that PID 1 has not seen its start. */
static bool was_asked(const char *app, bool hook)
{
        return pod_is_ending() || (!hook && has_job(app));
}

/* systemd knows it of an app that is killed as a whole (OOMPolicy=kill). Where one process was killed, it counts if the
 * app ended in the same way: then it was that process, or waited for it, as a shell does. */
static bool is_out_of_memory(const char *app, int status, const char *result, bool hook)
{
        if (result && strcmp(result, "oom-kill") == 0)
                return true;
        return !getenv("MONITOR_UNIT") && status == 128 + SIGKILL && killed_for_memory() > 0 && !was_asked(app, hook);
}

/* policy is the unit's Restart=. Only a job that stops the unit prevents a restart. */
static bool is_restarted(const char *app, const char *policy, bool failed, bool hook)
{
        return strcmp(policy, "no") != 0 && (failed || strcmp(policy, "always") == 0) && !was_asked(app, hook);
}

static int write_record(int fd, const char *text)
{
        return fd >= 0 && pwrite(fd, text, STATUS_ROOM_SIZE, 0) == STATUS_ROOM_SIZE ? close(fd) : -1;
}

/* All records have the same size, with empty lines at the end: what is written over takes no room, and a reader sees
 * the old or the new one. Not every app has room that was made for it. */
static int write_status(int directory, const char *app, int status, const char *note, const char *cause)
{
        char text[STATUS_ROOM_SIZE + 1], room[NAME_MAX];
        const int n = snprintf(text, sizeof(text), "%i\n%s\n%s\n", status, note, cause);
        int fd;

        memset(text + n, '\n', STATUS_ROOM_SIZE - (size_t) n);
        (void) snprintf(room, sizeof(room), STATUS_ROOM_PREFIX "%s", app);
        fd = openat(directory, room, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd >= 0)
                return write_record(fd, text) == 0 ? renameat(directory, room, directory, app) : -1;
        fd = openat(directory, app, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        return write_record(fd, text);
}

/* Whether it was restarted as often as it may be. */
static bool is_spent(int directory, const char *app, const char *limit)
{
        return app_record_restarts(directory, app) >= strtoul(limit, NULL, 10);
}

static bool is_at_or_after(const struct timespec *a, const struct timespec *b)
{
        return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec >= b->tv_nsec);
}

/* Whether this is not the first to record the end: there is a record that is no older than the app's start, which its
 * launcher notes (STATUS_REASON_PREFIX) where an app may start more than once. */
static bool is_recorded(int directory, const char *app)
{
        char name[NAME_MAX];
        struct stat record, start;

        if (!getenv("MONITOR_UNIT") || fstatat(directory, app, &record, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        (void) snprintf(name, sizeof(name), STATUS_REASON_PREFIX "%s", app);
        return fstatat(directory, name, &start, AT_SYMLINK_NOFOLLOW) < 0 ||
               is_at_or_after(&record.st_mtim, &start.st_mtim);
}

/* Whether the app has said that it is ready, which PID 1 may not have heard before it saw the end. */
static bool was_ready(int directory, const char *app)
{
        char name[NAME_MAX], byte = 0;
        int fd;

        if (!getenv("MONITOR_UNIT"))
                app_leftovers_await_notify();
        (void) snprintf(name, sizeof(name), STATUS_READY_PREFIX "%s", app);
        fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return false;
        (void) !read(fd, &byte, 1);
        (void) close(fd);
        return byte == STATUS_IS_READY;
}

/* Steps of half a millisecond. */
static bool wait_until(bool (*is_so)(void), unsigned steps)
{
        static const struct timespec pause = { .tv_nsec = 500 * 1000 };

        for (unsigned i = 0; i < steps && !is_so(); i++)
                (void) nanosleep(&pause, NULL);
        return is_so();
}

/* The end of this program may be the end of the pod. It must not come before the pod is up, or the start of the pod
 * would be reported as failed. If other apps take longer to start than this waits, they keep the pod running
 * themselves. */
static bool is_ready(void)
{
        return access(READY_MARK, F_OK) == 0 || access(ENDING_MARK, F_OK) == 0;
}

/* If the app ended before PID 1 had seen its start, the job of that start is still there: it ends with this program,
 * and the pod is not up before. */
static void wait_for_pod(const char *app)
{
        if (!wait_until(is_ready, 400) && !has_job(app))
                (void) wait_until(is_ready, 10000);
}

/* An app may fail before journald has started. Its output waits in a socket until then, and would be lost together with
 * the socket. This file is the last thing that journald makes before it listens. */
static bool has_journal(void)
{
        glob_t found = {};
        bool has = glob(JOURNAL, GLOB_NOSORT, NULL, &found) == 0;

        globfree(&found);
        return has;
}

/* To `podctl run`, if that waits for the app's output. The socket is reached through its directory, since the name of
 * an app may be longer than a socket address can be. */
static void send_to_client(const char *app, int stream, const void *data, size_t n)
{
        char path[PATH_MAX];
        int directory, fd;

        (void) snprintf(path, sizeof(path), LAUNCH_DIRECTORY "/%s", app);
        directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%i/" LAUNCH_OUTPUT, directory);
        fd = directory < 0 ? -1 : app_output_connect(path);
        if (fd >= 0) {
                (void) app_output_send(fd, stream, data, n);
                (void) close(fd);
        }
}

/* Also to the journal. */
static void say(const char *app, const char *text)
{
        send_to_client(app, OUTPUT_STDERR, text, strlen(text));
        (void) fputs(text, stderr);
}

/* If the host ends the pod, it is the host that knows how: a limit of its unit may be why. */
static void report_end(int directory, const char *app, int meaning, int status)
{
        const OutputEnd end = { .meaning = (uint8_t) meaning, .status = status };

        if (access(ENDING_MARK, F_OK) == 0 && faccessat(directory, STATUS_FAILED, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
                return;
        send_to_client(app, OUTPUT_END, &end, sizeof(end));
}

/* In another group than the app's there is nothing of it. */
static void end_leftovers(void)
{
        if (!getenv("MONITOR_UNIT"))
                app_leftovers_end();
}

static void kill_leftovers(void)
{
        if (!getenv("MONITOR_UNIT"))
                app_leftovers_kill();
}

/* Returns its status. */
static int run_systemctl(const char *const *words)
{
        int ended;
        pid_t pid = fork();

        if (pid == 0) {
                (void) execve("/usr/bin/systemctl", (char *const *) words, (char *[]) { NULL });
                _exit(EXIT_FAILURE);
        }
        if (pid < 0 || waitpid(pid, &ended, 0) < 0 || !WIFEXITED(ended))
                return EXIT_FAILURE;
        return WEXITSTATUS(ended);
}

/* Of this process: the status of systemctl. */
static int end_pod(int status)
{
        char text[16];

        (void) wait_until(has_journal, 10000);
        (void) snprintf(text, sizeof(text), "%i", status);
        return run_systemctl((const char *[]) { "systemctl", "exit", text, NULL });
}

/* An app that is ready and has ended by then has not started for PID 1, if that saw its end first. The pod is not up
 * before this program has ended, and would end together with it, if there is no other app: its unit on the host would
 * not have heard that it is ready. Another unit keeps it that long. */
static void keep_pod_until_up(void)
{
        if (!is_ready())
                (void) run_systemctl((const char *[]) { "systemctl", "--no-block", "start", KEEP_UNIT, NULL });
}

/* The app was stopped while it waited for its restart, which its record announces; or what records an end was killed
 * with it, and it was stopped before the restart. systemd before 254 stops a unit before each restart as well. */
static int record_stop(int directory, const char *app)
{
        int fd, r;

        if (!is_stopped(app))
                return EXIT_SUCCESS;
        if (app_record_end_run(directory, app))
                return write_status(directory, app, exit_status(), STATUS_ASKED, "") < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        fd = openat(directory, app, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        /* An app that was removed has none. */
        if (fd < 0)
                return errno == ENOENT ? EXIT_SUCCESS : EXIT_FAILURE;
        r = app_record_no_restart(fd);
        (void) close(fd);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* The status of an app that has ended well, but not started for PID 1. */
static int end_of_unstarted(int directory, const char *app)
{
        if (was_ready(directory, app)) {
                keep_pod_until_up();
                return EXIT_SUCCESS;
        }
        say(app, "podctl: the app ended without having said that it is ready\n");
        return EXIT_FAILURE;
}

int main(int argc, char *argv[])
{
        const char *result = told("MONITOR_SERVICE_RESULT"), *policy = argc > 2 ? argv[2] : "no", *note,
                   *cause;
        /* An app of a mutable pod, which goes on without it; no other app has a limit. */
        const bool leaves_pod = argc > 3 && strcmp(argv[3], "leaves-pod") == 0;
        const char *limit = argc > 3 && !leaves_pod ? argv[3] : NULL;
        bool has_policy = strcmp(policy, "no") != 0;
        int directory, mark, status, ended;
        bool hook, asked, failed, restarted, is_first;

        if (argc < 2)
                return EXIT_FAILURE;
        if (strcmp(argv[1], "--keep") == 0)
                return wait_until(is_ready, 20000) ? EXIT_SUCCESS : EXIT_FAILURE;
        directory = open(STATUS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (argc > 2 && strcmp(argv[2], "stopped") == 0)
                return record_stop(directory, argv[1]);
        if (never_ran() || is_recorded(directory, argv[1]))
                return EXIT_SUCCESS;

        /* A failure for systemd as well: units that wait for the app to be ready wait no more. */
        status = exit_status();
        if (!has_policy && status == 0 && result && strcmp(result, "protocol") == 0)
                status = end_of_unstarted(directory, argv[1]);
        hook = hook_failed(status, result);
        if (hook && status == 0)
                status = EXIT_FAILURE;
        /* Its status does not count when the pod is told to end; whoever fails just when it has started was not. If it
         * was killed as a whole, that may be why the pod is ending, and systemd did it if time was over. */
        asked = getenv("MONITOR_UNIT") ? (result && strcmp(result, "timeout") == 0) || (leaves_pod && pod_is_ending())
                                       : pod_is_ending() || (is_clean_signal(status) && was_asked(argv[1], hook));
        failed = status != 0 && !asked && (is_clean_signal(status) || !result || strcmp(result, "success") != 0);

        /* The end of the pod comes before the next restart, which has a pause before it. */
        if (limit && failed && !was_asked(argv[1], hook) && is_spent(directory, argv[1], limit)) {
                policy = "no";
                has_policy = false;
        }
        restarted = is_restarted(argv[1], policy, failed, hook);
        note = restarted ? STATUS_RESTARTS : failed ? "" : STATUS_ASKED;
        cause = is_out_of_memory(argv[1], status, result, hook) ? STATUS_OUT_OF_MEMORY : "";
        if (directory < 0 || write_status(directory, argv[1], status, note, cause) < 0 ||
            (restarted && app_record_count_restart(directory, argv[1]) < 0))
                perror(STATUS_DIR);
        if (argc > 2 && strcmp(argv[2], "no") != 0)
                (void) app_record_end_run(directory, argv[1]);

        /* If the app has a restart policy, the service manager handles its failure, and the pod does not end. */
        if (has_policy || leaves_pod || !failed) {
                if (!restarted && !leaves_pod)
                        report_end(directory, argv[1], failed ? END_FAILED : END_WELL, status);
                end_leftovers();
                wait_for_pod(argv[1]);
                return EXIT_SUCCESS;
        }

        /* The process that makes the mark is the first. A pod that is being shut down anyway ignores the request. */
        mark = openat(directory, STATUS_FAILED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        is_first = mark >= 0 || errno != EEXIST;
        report_end(directory, argv[1], is_first ? END_DECIDES : END_FAILED, status);
        kill_leftovers();
        /* Before the last lines: their reader may have stopped reading, and that holds up nothing else. */
        ended = is_first ? end_pod(status) : EXIT_SUCCESS;
        end_leftovers();
        return ended;
}
