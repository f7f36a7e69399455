/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-output.h"
#include "inside/app-relay.h"
#include "inside/app-title.h"

#define JOURNAL_ROOM (256 * 1024)

static bool is_socket(int fd)
{
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

void app_relay_open(AppRelay *r, uid_t uid)
{
        if (!is_socket(STDOUT_FILENO) || !is_socket(STDERR_FILENO))
                return;
        if (pipe2(r->out, O_CLOEXEC) < 0 || pipe2(r->err, O_CLOEXEC) < 0 ||
            fchown(r->out[0], uid, (gid_t) -1) < 0 || fchown(r->err[0], uid, (gid_t) -1) < 0)
                die("cannot make a pipe: %m");
        r->open = true;
}

/* Nothing else may stay open. First move the descriptors out of each other's way. If the limit of open files is too low
 * for this, the app gets an error when it writes, which is better than losing its output. */
static void keep_only(int *fds, const int *places, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (fds[i] >= 0 && (fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 10)) < 0)
                        _exit(EXIT_FAILURE);
        for (size_t i = 0; i < n; i++)
                if (fds[i] >= 0 ? dup2(fds[i], places[i]) < 0 : close(places[i]) < 0 && errno != EBADF)
                        _exit(EXIT_FAILURE);
        if (close_range((unsigned) places[n - 1] + 1, ~0U, 0) < 0)
                _exit(EXIT_FAILURE);
}

static void give_up_privileges(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = {};

        if (chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || syscall(SYS_capset, &header, none) < 0)
                _exit(EXIT_FAILURE);
}

/* systemd makes room for 8 MiB, which a journal that is behind takes half a minute for when the pod ends. */
static void narrow_streams(void)
{
        for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
                (void) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int) { JOURNAL_ROOM }, sizeof(int));
}

void app_relay_become(const AppRelay *r, const char *kind, int app, int argc, char *argv[])
{
        /* Without the host's journal, nothing is lost if the pod's has it. Other words than these are those of an older
         * podctl, which knew no host's. */
        bool to_pod = strcmp(kind, RELAY_NONE) != 0 && (strcmp(kind, RELAY_HOST) != 0 || the_journal.fd < 0);
        int fds[] = { r->out[0], r->err[0], app, the_client, the_journal.fd, the_log_file.fd };
        const int places[] = { 0, 3, 4, 5, 6, 7 };
        /* They may be among the arguments, which the title replaces. */
        const char *fields = strdup(the_journal.fields ? the_journal.fields : "");
        AppOutput o;

        if (!fields)
                _exit(EXIT_FAILURE);
        keep_only(fds, places, sizeof(fds) / sizeof(*fds));
        give_up_privileges();
        narrow_streams();
        app_title_set(argc, argv, RELAY_TITLE);
        o = (AppOutput) { .pipes = { 0, 3 }, .journal = { STDOUT_FILENO, STDERR_FILENO }, .mute = !to_pod,
                          .app = fds[2] >= 0 ? 4 : -1, .client = fds[3] >= 0 ? 5 : -1,
                          .host = { fds[4] >= 0 ? 6 : -1, fields, the_journal.n_fields },
                          .log_file = { fds[5] >= 0 ? 7 : -1 } };
        app_output_carry(&o);
        _exit(EXIT_SUCCESS);
}

void app_relay_start(const AppRelay *r, const char *kind, int argc, char *argv[])
{
        int app = (int) syscall(SYS_pidfd_open, getpid(), 0), status;
        sigset_t all, before;
        pid_t pid;

        /* Signals that end the app must not end the relay, which still has to carry the last lines: block them before
         * fork(). */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        pid = app < 0 ? -1 : fork();
        if (pid < 0)
                die("cannot fork: %m");
        if (pid == 0) {
                pid = fork();
                if (pid != 0)
                        _exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
                app_relay_become(r, kind, app, argc, argv);
        }
        if (waitpid(pid, &status, 0) < 0 || status != 0)
                die("cannot fork the process that relays its output");
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        (void) close(app);
}

static void lose(int *fd)
{
        if (*fd >= 0)
                (void) close(*fd);
        *fd = -1;
}

void app_relay_connect(AppRelay *r)
{
        if (dup2(r->out[1], STDOUT_FILENO) < 0 || dup2(r->err[1], STDERR_FILENO) < 0)
                die("cannot use a pipe: %m");
        for (int i = 0; i < 2; i++) {
                (void) close(r->out[i]);
                (void) close(r->err[i]);
        }
        lose(&the_client);
        lose(&the_journal.fd);
        lose(&the_log_file.fd);
}
