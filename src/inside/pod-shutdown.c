/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Replaces systemd-shutdown in a pod's /usr. PID 1 becomes this program once its services are stopped: arguments are
 * the verb and, for "exit", "--exit-code N". The original kills, unmounts and detaches everything that a machine may
 * still have, which in a container takes tens of milliseconds and changes nothing: its mounts disappear with its
 * namespaces. Two things are left to do: to let journald, which outlives the apps, write their last lines and end, and
 * to record how the pod ended. pid_namespaces(7) and reboot(2) describe the effect of the calls in the first process of
 * a PID namespace.
 *
 * A pod that ends by itself has ended well only if each of its apps has a record that reports success: an app that
 * could not even be started has none. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "inside/app-status.h"
#include "inside/launch-places.h"

#define PATIENCE_SECONDS 10

static time_t now_seconds(void)
{
        struct timespec now = {};

        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec;
}

/* All processes that are left are children of this one, or become so. The kernel kills those that ignore the signal
 * when this process ends. */
static void end_children(void)
{
        static const struct timespec pause = { .tv_nsec = 500 * 1000 };
        time_t deadline = now_seconds() + PATIENCE_SECONDS;

        (void) kill(-1, SIGTERM);
        (void) kill(-1, SIGCONT);
        while (now_seconds() < deadline) {
                pid_t pid = waitpid(-1, NULL, WNOHANG);

                if (pid < 0 && errno == ECHILD)
                        return;
                if (pid == 0)
                        (void) nanosleep(&pause, NULL);
        }
}

static int exit_code(int argc, char *argv[])
{
        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--exit-code") == 0 && argv[i + 1])
                        return atoi(argv[i + 1]);
                if (strncmp(argv[i], "--exit-code=", strlen("--exit-code=")) == 0)
                        return atoi(argv[i] + strlen("--exit-code="));
        }
        return EXIT_SUCCESS;
}

/* Returns 0 if the app's record reports success, else the exit status for the pod. */
static int judge_app(int status_directory, const char *app)
{
        int fd = openat(status_directory, app, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        char text[64] = {};
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

        if (fd >= 0)
                (void) close(fd);
        if (n <= 0)
                return EXIT_NEVER_STARTED;
        return strstr(text, STATUS_ASKED) ? EXIT_SUCCESS : atoi(text);
}

/* The first failure decides; apps that never started are recorded by name. */
static int judge_apps(int status_directory, FILE *end)
{
        DIR *apps = opendir(LAUNCH_DIRECTORY);
        int result = EXIT_SUCCESS;

        if (!apps)
                return EXIT_NEVER_STARTED;
        for (struct dirent *entry; (entry = readdir(apps));) {
                int status = entry->d_name[0] == '.' ? 0 : judge_app(status_directory, entry->d_name);

                if (status == EXIT_NEVER_STARTED && end)
                        (void) fprintf(end, "%s\n", entry->d_name);
                result = result ? result : status;
        }
        (void) closedir(apps);
        return result;
}

/* Records how the pod ended, and returns its exit status: see pod_end_read(). */
static int note_end(const char *verb, int code)
{
        int directory = open(STATUS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd = openat(directory, STATUS_END, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        FILE *end = fd < 0 ? NULL : fdopen(fd, "we");

        if (end)
                (void) fprintf(end, "%s\n", verb);
        if (strcmp(verb, "exit") == 0 && code == EXIT_SUCCESS)
                code = judge_apps(directory, end);
        if (end)
                (void) fclose(end);
        return code;
}

int main(int argc, char *argv[])
{
        static const struct {
                const char *verb;
                int how;
        } verbs[] = {
                { "reboot", RB_AUTOBOOT },
                { "kexec", RB_AUTOBOOT },
                { "poweroff", RB_POWER_OFF },
                { "halt", RB_POWER_OFF },
        };
        int code;

        end_children();
        code = note_end(argc > 1 ? argv[1] : "", exit_code(argc, argv));
        for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (strcmp(argv[1], verbs[i].verb) == 0)
                        (void) reboot(verbs[i].how);

        return code;
}
