/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-output.h"
#include "inside/app-relay.h"
#include "inside/app-title.h"

static bool is_socket(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

__attribute__((noreturn)) static void become_relay(AppOutput *o, const int out[2], const int err[2], int argc,
                                                   char *argv[])
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = {};

        int fds[] = { out[0], err[0], o->app, o->client, o->host.fd };
        const int places[] = { 0, 3, 4, 5, 6 };

        /* Nothing else may stay open. First move the descriptors out of each other's way. If the limit of open files is
         * too low for this, the app gets an error when it writes, which is better than losing its output. */
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0 && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10)) < 0)
                        _exit(EXIT_FAILURE);
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                if (fds[i] >= 0 ? dup2(fds[i], places[i]) < 0 : close(places[i]) < 0 && errno != EBADF)
                        _exit(EXIT_FAILURE);
        /* They may be among the arguments, which the title replaces. */
        o->host.fields = strdup(o->host.fields ? o->host.fields : "");
        if (!o->host.fields || close_range(7, ~0U, 0) < 0 || chdir("/") < 0 ||
            prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0)
                _exit(EXIT_FAILURE);
        app_title_set(argc, argv, "podctl-output");
        *o = (AppOutput) { .pipes = { 0, 3 }, .journal = { STDOUT_FILENO, STDERR_FILENO },
                           .client = fds[3] >= 0 ? 5 : -1, .app = 4, .mute = o->mute,
                           .host = { fds[4] >= 0 ? 6 : -1, o->host.fields, o->host.n_fields } };
        app_output_carry(o);
        _exit(EXIT_SUCCESS);
}

void app_relay_start(const char *kind, int argc, char *argv[])
{
        /* Without the host's journal, nothing is lost if the pod's has it. Other words than these are those of an older
         * podctl, which knew no host's. */
        bool to_pod = strcmp(kind, RELAY_NONE) != 0 && (strcmp(kind, RELAY_HOST) != 0 || the_journal.fd < 0);
        AppOutput o = {
                .client = the_client, .mute = !to_pod, .host = the_journal,
        };
        int out[2], err[2], status;
        sigset_t all, before;
        pid_t pid;

        if (!is_socket(STDOUT_FILENO) || !is_socket(STDERR_FILENO))
                return;
        o.app = (int) syscall(SYS_pidfd_open, getpid(), 0);
        if (o.app < 0 || pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
                die("cannot make a pipe: %m");
        /* Signals that end the app must not end the relay, which still has to carry the last lines: block them before
         * fork(). */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        pid = fork();
        if (pid < 0)
                die("cannot fork: %m");
        if (pid == 0) {
                pid = fork();
                if (pid != 0)
                        _exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
                become_relay(&o, out, err, argc, argv);
        }
        if (waitpid(pid, &status, 0) < 0 || status != 0)
                die("cannot fork the process that relays its output");
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (dup2(out[1], STDOUT_FILENO) < 0 || dup2(err[1], STDERR_FILENO) < 0)
                die("cannot use a pipe: %m");
        for (int i = 0; i < 2; i++) {
                (void) close(out[i]);
                (void) close(err[i]);
        }
        (void) close(o.app);
        if (the_client >= 0)
                (void) close(the_client);
        the_client = -1;
        if (the_journal.fd >= 0)
                (void) close(the_journal.fd);
        the_journal.fd = -1;
}
