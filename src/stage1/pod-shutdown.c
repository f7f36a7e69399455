/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stands in a pod's /usr for systemd-shutdown, which PID 1 turns into once its services are stopped: arguments are
 * the verb and, for "exit", "--exit-code N". The original kills, unmounts and detaches what a machine may still have,
 * which in a container takes tens of milliseconds to do nothing: its mounts go with its namespaces. What is left to do
 * is to let journald, which outlives the apps for the sake of their last lines, write them down and end.
 * pid_namespaces(7) and reboot(2) tell what the calls mean to the first process of a PID namespace. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <time.h>

#define PATIENCE_SECONDS 10

/* All processes that are left are our children, or become so. Those that do not obey are killed by our own end. */
static void end_children(void)
{
        static const struct timespec pause = { .tv_nsec = 500 * 1000 };
        time_t deadline = time(NULL) + PATIENCE_SECONDS;

        (void) kill(-1, SIGTERM);
        (void) kill(-1, SIGCONT);
        while (time(NULL) < deadline) {
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

        end_children();
        for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (strcmp(argv[1], verbs[i].verb) == 0)
                        (void) reboot(verbs[i].how);

        return exit_code(argc, argv);
}
