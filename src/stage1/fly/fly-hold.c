/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/strv.h"
#include "stage1/fly/fly-hold.h"

static bool is_kept(int fd, int parent)
{
        int flags = fcntl(fd, F_GETFD);

        return fd == parent || (fd > STDERR_FILENO && flags >= 0 && !(flags & FD_CLOEXEC));
}

static void close_others(int parent)
{
        _cleanup_strv_free_ char **names = NULL;
        uint32_t fd;

        if (list_directory_at(AT_FDCWD, "/proc/self/fd", &names) < 0)
                return;
        STRV_FOREACH(name, names)
                if (parse_uint32(*name, &fd) >= 0 && !is_kept((int) fd, parent))
                        (void) close((int) fd);
}

/* What the app may do to processes of its user, it may not do to this one, which has more privileges than an app whose
 * capabilities are limited, and shows its files to nobody else. */
static _noreturn_ void hold(int parent)
{
        struct pollfd p = { .fd = parent, .events = POLLIN };
        sigset_t all;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, NULL);
        (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void) prctl(PR_SET_NAME, "podctl-hold", 0, 0, 0);
        if (chdir("/") < 0)
                _exit(EXIT_FAILURE);
        close_others(parent);
        while (poll(&p, 1, -1) < 0 && errno == EINTR)
                ;
        _exit(EXIT_SUCCESS);
}

int fly_hold(void)
{
        _cleanup_close_ int parent = (int) syscall(SYS_pidfd_open, getpid(), 0);
        int pidfd = -EBADF;
        pid_t pid;

        if (parent < 0)
                return -errno;
        /* It is nobody's child that the app would find. */
        pid = (pid_t) syscall(SYS_clone, (unsigned long) (CLONE_PARENT | CLONE_PIDFD), NULL, &pidfd, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                hold(parent);
        return pidfd;
}

void fly_let_go(int pidfd)
{
        struct pollfd p = { .fd = pidfd, .events = POLLIN };

        if (pidfd < 0 || syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0)
                return;
        while (poll(&p, 1, -1) < 0 && errno == EINTR)
                ;
}
