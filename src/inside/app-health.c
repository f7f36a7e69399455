/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, beside an app that has a health check (Dockerfile reference, HEALTHCHECK):
 *
 *   app-health FILE
 *
 * The file has the words APP INTERVAL TIMEOUT START-PERIOD START-INTERVAL RETRIES LAUNCHER [WORD…], see launch-words.h.
 * Executes the launcher, which joins the app, at intervals (all times are microseconds), and records the result. It is
 * a process that sleeps, not a timer that starts services: it leaves nothing in any journal, and the interval counts
 * from the end of one check to the beginning of the next. */

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside/app-status.h"
#include "inside/launch-words.h"

#define USEC_PER_SEC UINT64_C(1000000)
#define TIMED_OUT (-1)
#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

typedef struct Health {
        const char *app;
        uint64_t interval, timeout, start_period, start_interval, retries;
        char **launcher; /* its words, with room for --join= after the first */

        uint32_t pid; /* the app's main process: a different one means a new start of the app */
        uint64_t born;
        const char *state;
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

/* 0: the app has none. systemctl asks PID 1 without a bus, and so works wherever systemd does. */
static uint32_t main_pid(const char *app)
{
        char unit[NAME_MAX];
        int out[2];
        uint32_t number;
        pid_t pid;

        (void) snprintf(unit, sizeof(unit), "%s.service", app);
        if (pipe2(out, O_CLOEXEC) < 0)
                return 0;
        pid = fork();
        if (pid == 0) {
                char *const argv[] = { (char *) "systemctl", (char *) "show", (char *) "--property=MainPID",
                                       (char *) "--value",   (char *) "--",   unit, NULL };
                char *const nothing[] = { NULL };

                if (dup2(out[1], STDOUT_FILENO) >= 0)
                        (void) execve("/usr/bin/systemctl", argv, nothing);
                _exit(EXIT_EXEC);
        }
        (void) close(out[1]);
        number = pid < 0 ? 0 : read_number(out[0]);
        (void) close(out[0]);
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
        return number;
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

static bool in_start_period(const Health *h)
{
        return strcmp(h->state, "starting") == 0 && now() - h->born < h->start_period;
}

static void judge(Health *h, int status)
{
        h->last = status;
        if (status == 0) {
                h->state = "healthy";
                h->failures = 0;
        } else if (!in_start_period(h)) {
                h->failures++;
                if (h->failures >= h->retries)
                        h->state = "unhealthy";
        }
        write_record(h);
}

static void be_born(Health *h, uint32_t pid)
{
        h->pid = pid;
        h->born = now();
        h->state = "starting";
        h->failures = 0;
        h->last = 0;
        write_record(h);
}

static void look_after(Health *h)
{
        be_born(h, main_pid(h->app));
        for (;;) {
                struct timespec pause = timespec_of(in_start_period(h) ? h->start_interval : h->interval);
                uint32_t pid;
                int status;

                (void) clock_nanosleep(CLOCK_BOOTTIME, 0, &pause, NULL);
                pid = main_pid(h->app);
                if (pid != 0 && pid != h->pid)
                        be_born(h, pid);
                if (pid == 0)
                        continue;
                status = check(h);
                /* The result says nothing if the app ended during the check. */
                if (main_pid(h->app) == pid)
                        judge(h, status);
        }
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
        h->launcher = words + i - 1;
        h->launcher[0] = words[i];
        return 0;
}

int main(int argc, char *argv[])
{
        Health h = {};
        sigset_t child;

        if (argc != 2 || read_words(&h, argv[1]) < 0)
                return EXIT_FAILURE;

        (void) sigemptyset(&child);
        (void) sigaddset(&child, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &child, NULL);
        look_after(&h);
}
