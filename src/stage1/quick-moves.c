/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "stage1/quick-moves.h"

/* nspawn makes this group for itself, in that of the unit, and joins it. The child is in it from the start: in the
 * unit's own group a process would keep nspawn from enabling controllers (cgroups(7), "no internal processes"). */
#define GROUP "supervisor"
/* Shorter than a grace period, and together longer than any start takes to the last move. */
#define PAUSE_MS 3
#define MOVES 50

static int open_group(void)
{
        _cleanup_free_ char *group = NULL, *path = NULL;
        _cleanup_close_ int directory = -EBADF;
        int fd;

        if (sd_pid_get_cgroup(0, &group) < 0)
                return -ENODATA;
        path = strjoin("/sys/fs/cgroup", group, "/" GROUP);
        directory = path ? mkdir_open_at(AT_FDCWD, path, 0755) : -ENOMEM;
        if (directory < 0)
                return directory;
        fd = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* Ends with its parent. */
static void move_in_place(int group, int parent)
{
        struct pollfd p = { .fd = parent, .events = POLLIN };

        for (unsigned i = 0; i < MOVES; i++)
                if (write(group, "0", 1) < 0 || poll(&p, 1, PAUSE_MS) != 0)
                        return;
}

/* Two forks: nspawn would have a child that it does not know. */
void quick_moves_begin(void)
{
        _cleanup_close_ int group = open_group(), self = (int) syscall(SYS_pidfd_open, getpid(), 0);
        pid_t pid = group < 0 || self < 0 ? -1 : fork();

        if (pid == 0) {
                if (fork() == 0)
                        move_in_place(group, self);
                _exit(EXIT_SUCCESS);
        }
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
}
