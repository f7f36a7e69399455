/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, beside an app that has a health check (Dockerfile reference, HEALTHCHECK):
 *
 *   app-health APP ENVIRONMENT INTERVAL TIMEOUT START-PERIOD START-INTERVAL RETRIES LAUNCHER [WORD…]
 *
 * Executes the launcher, which joins the app, every now and then (microseconds), and writes down what that says of it.
 * A process that sleeps instead of a timer that starts services: nothing of it is in any journal, and the time between
 * checks counts from the end of one to the beginning of the next. */

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
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#define STATUS_DIR "/var/lib/podctl/status"
#define USEC_PER_SEC UINT64_C(1000000)
#define TIMED_OUT (-1)
#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

typedef struct Health {
        const char *app;
        uint64_t interval, timeout, start_period, start_interval, retries;
        char **launcher; /* its words, with room for one more behind the first */
        char **environment;

        uint32_t pid; /* the app's main process: another one is another life */
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

/* Whoever reads it sees an old one or a new one. */
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

/* Variables that end with a NUL each. NULL: cannot be read. */
static char **read_environment(const char *path)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        char **list, *data;
        struct stat st;
        size_t n = 0;

        if (fd < 0 || fstat(fd, &st) < 0)
                return NULL;
        data = calloc((size_t) st.st_size + 1, 1);
        list = calloc((size_t) st.st_size + 1, sizeof(char *));
        if (!data || !list || read(fd, data, (size_t) st.st_size) != st.st_size)
                return NULL;
        for (char *p = data; p < data + st.st_size; p += strlen(p) + 1)
                list[n++] = p;
        (void) close(fd);
        return list;
}

/* 0: it has none. Through PID 1's own socket, so that no bus has to be started for it. */
static uint32_t main_pid(const char *app)
{
        char unit[NAME_MAX], *path = NULL;
        uint32_t pid = 0;
        sd_bus *bus = NULL;

        (void) snprintf(unit, sizeof(unit), "%s.service", app);
        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, "unix:path=/run/systemd/private") < 0 ||
            sd_bus_start(bus) < 0 || sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path) < 0 ||
            sd_bus_get_property_trivial(bus, NULL, path, "org.freedesktop.systemd1.Service", "MainPID", NULL, 'u',
                                        &pid) < 0)
                pid = 0;
        free(path);
        sd_bus_close_unref(bus);
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
        (void) execve(h->launcher[0], h->launcher, h->environment);
        _exit(EXIT_EXEC);
}

/* Its exit status, or TIMED_OUT. SIGCHLD is blocked. */
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
                /* Of an app that has just ended there is nothing to say. */
                if (main_pid(h->app) == pid)
                        judge(h, status);
        }
}

int main(int argc, char *argv[])
{
        Health h = {};
        sigset_t child;

        if (argc < 9)
                return EXIT_FAILURE;
        h.app = argv[1];
        h.environment = read_environment(argv[2]);
        h.interval = strtoull(argv[3], NULL, 10);
        h.timeout = strtoull(argv[4], NULL, 10);
        h.start_period = strtoull(argv[5], NULL, 10);
        h.start_interval = strtoull(argv[6], NULL, 10);
        h.retries = strtoull(argv[7], NULL, 10);
        h.launcher = argv + 7;
        h.launcher[0] = argv[8];
        if (!h.environment)
                return EXIT_FAILURE;

        (void) sigemptyset(&child);
        (void) sigaddset(&child, SIGCHLD);
        (void) sigprocmask(SIG_BLOCK, &child, NULL);
        look_after(&h);
}
