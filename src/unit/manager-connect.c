/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "shared/worker.h"
#include "unit/manager-connect.h"

#define MANAGER_SOCKET "/run/systemd/private"

typedef struct Way {
        int pidfd;
        int socket;
        struct sockaddr_un address;
        bool user_namespace; /* the pod has one of its own */
} Way;

/* Symbolic links that the pod made cannot lead out of its root. */
static int find_socket(pid_t leader, int *ret)
{
        _cleanup_free_ char *path = strprintf("/proc/%i/root", leader);
        _cleanup_close_ int root = path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;

        if (root < 0)
                return root;
        *ret = open_in_root(root, MANAGER_SOCKET, O_PATH | O_NOFOLLOW);
        return MIN(*ret, 0);
}

static int has_user_namespace(pid_t leader)
{
        _cleanup_free_ char *path = strprintf("/proc/%i/ns/user", leader);
        struct stat ours, theirs;

        if (!path)
                return -ENOMEM;
        if (stat("/proc/self/ns/user", &ours) < 0 || stat(path, &theirs) < 0)
                return -errno;
        return ours.st_dev != theirs.st_dev || ours.st_ino != theirs.st_ino;
}

static int become_root(void)
{
        return setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0 ? -errno : 0;
}

/* systemd asks the kernel for the credentials of its client: the client has to be root, and a process that systemd can
 * see. setns() puts only children into a PID namespace. */
static int connect_from_inside(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Way *w = userdata;
        int status, r = 0;
        pid_t pid;

        if (setns(w->pidfd, CLONE_NEWPID | (w->user_namespace ? CLONE_NEWUSER : 0)) < 0)
                return -errno;
        if (w->user_namespace)
                r = become_root();
        if (r < 0)
                return r;

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(connect(w->socket, (const struct sockaddr *) &w->address, sizeof(w->address)) < 0 ? errno : 0);
        if (waitpid(pid, &status, 0) < 0)
                return -errno;
        return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}

static int connect_socket(pid_t leader, int *ret)
{
        _cleanup_close_ int target = -EBADF, pidfd = -EBADF, connection = -EBADF;
        Way way = { .address.sun_family = AF_UNIX };
        Worker worker = WORKER_NONE;
        int r;

        pidfd = (int) syscall(SYS_pidfd_open, leader, 0);
        if (pidfd < 0)
                return -errno;
        r = find_socket(leader, &target);
        if (r < 0)
                return r;
        r = has_user_namespace(leader);
        if (r < 0)
                return r;
        connection = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connection < 0)
                return -errno;

        way.pidfd = pidfd;
        way.socket = connection;
        way.user_namespace = r > 0;
        (void) snprintf(way.address.sun_path, sizeof(way.address.sun_path), "/proc/self/fd/%i", target);
        r = worker_start(connect_from_inside, &way, &worker);
        if (r < 0)
                return r;
        r = worker_finish(&worker, NULL, 0, NULL);
        if (r < 0)
                return r;
        *ret = TAKE_FD(connection);
        return r;
}

int manager_connect(pid_t leader, sd_bus **ret)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_close_ int connection = -EBADF;
        int r;

        r = connect_socket(leader, &connection);
        if (r < 0)
                return r;
        r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_fd(bus, connection, connection);
        if (r < 0)
                return r;
        (void) TAKE_FD(connection);
        r = sd_bus_start(bus);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(bus);
        return 0;
}
