/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, beside an app that has a health check (Dockerfile reference, HEALTHCHECK):
 *
 *   app-health FILE
 *
 * The file has the words APP INTERVAL TIMEOUT START-PERIOD START-INTERVAL RETRIES ACTION READY FIELDS LAUNCHER [WORD…],
 * see launch-words.h. Executes the launcher, which joins the app, at intervals (all times are microseconds), and
 * records the result. It is a process that sleeps, not a timer that starts services: checks leave nothing in any
 * journal, and the interval counts from the end of one check to the beginning of the next.
 *
 * When an app becomes healthy or unhealthy, the host's journal gets an entry with FIELDS. ACTION is what an unhealthy
 * app leads to (health-event.h). With READY 1, this service has started when the app is healthy, and the pod waits for
 * that: until then checks are made at once and every START-INTERVAL, and the pod fails when the time of the start
 * period and of RETRIES intervals is over. */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside/app-status.h"
#include "inside/app-title.h"
#include "inside/health-event.h"
#include "inside/launch-words.h"

#define USEC_PER_SEC UINT64_C(1000000)
#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

typedef struct Health {
        const char *app;
        uint64_t interval, timeout, start_period, start_interval, retries;
        const char *action, *fields;
        bool ready; /* the pod's start waits until the app is healthy, and it has not been yet */
        char **launcher; /* its words, with room for --join= after the first */

        uint32_t pid; /* the app's main process: a different one means a new start of the app */
        uint64_t born;
        const char *state; /* STARTING, HEALTHY or UNHEALTHY */
        uint64_t failures; /* in a row */
        int last;          /* exit status */
} Health;

static uint64_t now(void)
{
        struct timespec ts;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static struct timespec timespec_of(uint64_t usec)
{
        return (struct timespec) { .tv_sec = (time_t) (usec / USEC_PER_SEC),
                                   .tv_nsec = (long) (usec % USEC_PER_SEC) * 1000 };
}

/* A reader sees either the old record or the new one. */
static void write_record(const Health *h)
{
        char path[PATH_MAX], temporary[PATH_MAX];
        FILE *f;

        (void) snprintf(path, sizeof(path), STATUS_DIR "/.health-%s", h->app);
        (void) snprintf(temporary, sizeof(temporary), STATUS_DIR "/.health-%s~", h->app);
        f = fopen(temporary, "we");
        if (!f)
                return;
        (void) fprintf(f, "%s\n%llu\n%i\n", h->state, (unsigned long long) h->failures, h->last);
        if (fclose(f) == 0)
                (void) rename(temporary, path);
}

static uint32_t read_number(int fd)
{
        char text[32] = {};
        size_t done = 0;

        for (ssize_t n; done < sizeof(text) - 1 && (n = read(fd, text + done, sizeof(text) - 1 - done)) > 0;)
                done += (size_t) n;
        return (uint32_t) strtoul(text, NULL, 10);
}

/* It asks PID 1 without a bus, and so works wherever systemd does. Its output goes to out; negative: nowhere. */
static void run_systemctl(char *const argv[], int out)
{
        char *const nothing[] = { NULL };
        pid_t pid = fork();

        if (pid == 0) {
                if (out < 0 || dup2(out, STDOUT_FILENO) >= 0)
                        (void) execve("/usr/bin/systemctl", argv, nothing);
                _exit(EXIT_EXEC);
        }
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
}

/* 0: the app has none. */
static uint32_t main_pid(const char *app)
{
        char unit[NAME_MAX];
        char *const argv[] = { (char *) "systemctl", (char *) "show", (char *) "--property=MainPID",
                               (char *) "--value",   (char *) "--",   unit, NULL };
        int out[2];
        uint32_t number;

        (void) snprintf(unit, sizeof(unit), "%s.service", app);
        if (pipe2(out, O_CLOEXEC) < 0)
                return 0;
        run_systemctl(argv, out[1]);
        (void) close(out[1]);
        number = read_number(out[0]);
        (void) close(out[0]);
        return number;
}

/* The app's main process; 0: there is none. A record of its end that was there before we asked is that of an earlier
 * run: a job has restarted the app since, which app-exited cannot know. */
static uint32_t find_app(const Health *h)
{
        char path[PATH_MAX];
        struct stat before, after;
        bool had_record;
        uint32_t pid;

        (void) snprintf(path, sizeof(path), STATUS_DIR "/%s", h->app);
        had_record = stat(path, &before) == 0;
        pid = main_pid(h->app);
        if (pid != 0 && had_record && stat(path, &after) == 0 && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
            before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
                (void) unlink(path);
        return pid;
}

static void become_launcher(const Health *h)
{
        char join[32];
        sigset_t none;

        (void) snprintf(join, sizeof(join), "--join=%u", h->pid);
        h->launcher[1] = join;
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setsid();
        (void) execve(h->launcher[0], h->launcher, (char *[]) { NULL });
        _exit(EXIT_EXEC);
}

/* Returns the exit status of the check, or TIMED_OUT. SIGCHLD is blocked. */
static int check(const Health *h)
{
        uint64_t end = now() + h->timeout;
        sigset_t child;
        pid_t pid = fork();
        int status;

        if (pid < 0)
                return EXIT_EXEC;
        if (pid == 0)
                become_launcher(h);

        (void) sigemptyset(&child);
        (void) sigaddset(&child, SIGCHLD);
        while (waitpid(pid, &status, WNOHANG) == 0) {
                uint64_t t = now();
                struct timespec left = timespec_of(t < end ? end - t : 0);

                if (t < end) {
                        (void) sigtimedwait(&child, NULL, &left);
                        continue;
                }
                (void) kill(-pid, SIGKILL);
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, &status, 0);
                return TIMED_OUT;
        }
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* What an unhealthy app leads to. All but a restart ends the pod, and this program with it. */
static void act(const Health *h)
{
        char unit[NAME_MAX], status[16];
        const bool fails = strcmp(h->action, HEALTH_FAIL) == 0 || (h->ready && strcmp(h->action, HEALTH_NONE) == 0);

        (void) snprintf(unit, sizeof(unit), "%s.service", h->app);
        (void) snprintf(status, sizeof(status), "%i", fails ? EXIT_UNHEALTHY : 0);
        if (strcmp(h->action, HEALTH_RESTART) == 0)
                run_systemctl((char *[]) { (char *) "systemctl", (char *) "--no-block", (char *) "restart",
                                           (char *) "--", unit, NULL }, -1);
        else if (fails || strcmp(h->action, HEALTH_STOP) == 0)
                run_systemctl((char *[]) { (char *) "systemctl", (char *) "exit", status, NULL }, -1);
}

/* sd_notify(3). */
static void report_ready(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        const char *path = getenv("NOTIFY_SOCKET"), text[] = "READY=1";
        int fd = path && *path == '/' ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

        if (fd < 0)
                return;
        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        (void) sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *) &address, sizeof(address));
        (void) close(fd);
}

static void become(Health *h, const char *state)
{
        bool changed = strcmp(h->state, state) != 0, healthy = strcmp(state, HEALTHY) == 0;

        h->state = state;
        write_record(h);
        if (!changed)
                return;
        health_event_send(h->app, h->fields, state, h->failures, h->last);
        if (!healthy)
                act(h);
        else if (h->ready)
                report_ready();
        h->ready = h->ready && !healthy;
}

/* Failures do not count yet. */
static bool in_start_period(const Health *h)
{
        return strcmp(h->state, STARTING) == 0 && now() - h->born < h->start_period;
}

/* Checks are frequent while the start of the pod waits for them, so there have to be more than a few failures. */
static bool has_time(const Health *h)
{
        uint64_t usec;

        if (!h->ready)
                return false;
        return __builtin_mul_overflow(h->retries, h->interval, &usec) ||
               __builtin_add_overflow(usec, h->start_period, &usec) || now() - h->born < usec;
}

static void judge(Health *h, int status)
{
        h->last = status;
        if (status == 0)
                h->failures = 0;
        else if (!in_start_period(h))
                h->failures++;
        if (status == 0)
                become(h, HEALTHY);
        else
                become(h, h->failures >= h->retries && !has_time(h) ? UNHEALTHY : h->state);
}

static void be_born(Health *h, uint32_t pid)
{
        h->pid = pid;
        h->born = now();
        h->state = STARTING;
        h->failures = 0;
        h->last = 0;
        write_record(h);
}

static void look_after(Health *h)
{
        be_born(h, find_app(h));
        for (bool first = true;; first = false) {
                bool often = in_start_period(h) || has_time(h);
                struct timespec pause = timespec_of(often ? h->start_interval : h->interval);
                uint32_t pid;
                int status;

                if (!first || !h->ready)
                        (void) clock_nanosleep(CLOCK_BOOTTIME, 0, &pause, NULL);
                pid = find_app(h);
                if (pid != 0 && pid != h->pid)
                        be_born(h, pid);
                if (pid == 0)
                        continue;
                status = check(h);
                /* The result says nothing if the app ended during the check. */
                if (find_app(h) == pid)
                        judge(h, status);
        }
}

/* In a pod that was started by an older podctl, the launcher comes next. */
static bool read_action(Health *h, char **words, size_t n, size_t *i)
{
        h->action = HEALTH_NONE;
        h->fields = "";
        if (words[*i][0] == '/')
                return true;
        if (n < *i + 4)
                return false;
        h->action = words[(*i)++];
        h->ready = strcmp(words[(*i)++], "1") == 0;
        h->fields = words[(*i)++];
        return true;
}

static int read_words(Health *h, const char *path)
{
        uint64_t *const numbers[] = { &h->interval, &h->timeout, &h->start_period, &h->start_interval, &h->retries };
        size_t n, i = 0;
        char **words = launch_words_read(path, 0, &n);

        if (!words || n < 7)
                return -1;
        h->app = words[i++];
        for (size_t j = 0; j < sizeof(numbers) / sizeof(numbers[0]); j++)
                *numbers[j] = strtoull(words[i++], NULL, 10);
        if (!read_action(h, words, n, &i))
                return -1;
        h->launcher = words + i - 1;
        h->launcher[0] = words[i];
        return 0;
}

int main(int argc, char *argv[])
{
        Health h = {};
        char title[64];
        sigset_t child;

        if (argc != 2 || read_words(&h, argv[1]) < 0)
                return EXIT_FAILURE;

        (void) snprintf(title, sizeof(title), "podctl-health %s", h.app);
        app_title_set(argc, argv, title);
        (void) sigemptyset(&child);
        (void) sigaddset(&child, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &child, NULL);
        look_after(&h);
}
