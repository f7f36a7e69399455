/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "unit/quick-moves.h"

/* nspawn makes this group for itself, in that of the unit, and joins it. The child is in it from the start: in the
 * unit's own group a process would keep nspawn from enabling controllers (cgroups(7), "no internal processes"). */
#define GROUP_OF_POD "/supervisor"
/* Shorter than a grace period, and together longer than any start or end takes to the last move. */
#define PAUSE_MS 3
#define MOVES_OF_POD 50
#define MOVES 300

static int open_group(const char *below)
{
        _cleanup_free_ char *group = NULL, *path = NULL;
        _cleanup_close_ int directory = -EBADF;
        int fd;

        if (sd_pid_get_cgroup(0, &group) < 0)
                return -ENODATA;
        path = strjoin("/sys/fs/cgroup", group, below);
        directory = path ? mkdir_open_at(AT_FDCWD, path, 0755) : -ENOMEM;
        if (directory < 0)
                return directory;
        fd = openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* One at a time does for all pods that start or end at once: a move holds up all others of the host. */
static int open_lock(void)
{
        _cleanup_close_ int directory = mkdir_open_at(AT_FDCWD, "/run/podctl", 0755);
        int fd = directory < 0 ? directory : openat(directory, "moves.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

typedef struct Moves {
        int group, lock, parent;
        unsigned n;
} Moves;

static void moves_done(Moves *m)
{
        safe_close(m->group);
        safe_close(m->lock);
        safe_close(m->parent);
}

/* Nothing is kept open that somebody may wait for, such as a pipe that the parent writes to. */
static bool keep_only(Moves *m)
{
        int *fds[] = { &m->group, &m->lock, &m->parent };

        for (int i = 0; i < (int) ELEMENTSOF(fds); i++)
                *fds[i] = fcntl(*fds[i], F_DUPFD_CLOEXEC, (int) ELEMENTSOF(fds));
        for (int i = 0; i < (int) ELEMENTSOF(fds); i++) {
                if (*fds[i] < 0 || dup2(*fds[i], i) < 0)
                        return false;
                *fds[i] = i;
        }
        return close_range(ELEMENTSOF(fds), ~0U, 0) >= 0;
}

static void move_in_place(Moves *m)
{
        struct pollfd p;

        if (!keep_only(m))
                return;
        p = (struct pollfd) { .fd = m->parent, .events = POLLIN };
        for (unsigned i = 0; i < m->n; i++) {
                if (flock(m->lock, LOCK_EX | LOCK_NB) >= 0 && write(m->group, "0", 1) < 0)
                        return;
                if (poll(&p, 1, PAUSE_MS) != 0)
                        return;
        }
}

/* The child is one that the caller need not know: it sends no signal at its end, and is not found by wait(2). That of a
 * pod is systemd's, as nspawn must not have a child that it does not know. */
static pid_t begin(const char *group, unsigned n, unsigned long clone_flags)
{
        _cleanup_(moves_done) Moves m = {
                .group = open_group(group), .lock = open_lock(), .parent = (int) syscall(SYS_pidfd_open, getpid(), 0),
                .n = n,
        };
        pid_t pid = m.group < 0 || m.lock < 0 || m.parent < 0
                            ? -1
                            : (pid_t) syscall(SYS_clone, clone_flags, NULL, NULL, NULL, NULL);

        if (pid != 0)
                return pid;
        move_in_place(&m);
        _exit(EXIT_SUCCESS);
}

void quick_moves_begin_pod(void)
{
        (void) begin(GROUP_OF_POD, MOVES_OF_POD, CLONE_PARENT);
}

/* Processes that this one forks have no part in it. */
static struct {
        pid_t child, of;
} commands;

static bool have_begun(void)
{
        return commands.child > 0 && commands.of == getpid();
}

void quick_moves_begin(void)
{
        if (have_begun())
                return;
        commands.child = begin("", MOVES, 0);
        commands.of = getpid();
}

void quick_moves_end(void)
{
        if (!have_begun())
                return;
        (void) kill(commands.child, SIGKILL);
        (void) waitpid(commands.child, NULL, __WCLONE);
        commands.child = 0;
}
