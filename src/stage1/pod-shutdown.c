/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Stands in a pod's /usr for systemd-shutdown, which PID 1 turns into once its services are stopped: arguments are
 * the verb and, for "exit", "--exit-code N". The original kills, unmounts and detaches what a machine may still have,
 * which in a container takes tens of milliseconds to do nothing: its last processes and mounts go with its
 * namespaces (pid_namespaces(7)). reboot(2) tells what the calls mean in a PID namespace. */

#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>

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

        for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
                if (strcmp(argv[1], verbs[i].verb) == 0)
                        (void) reboot(verbs[i].how);

        return exit_code(argc, argv);
}
