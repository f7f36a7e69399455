/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-bystander.h"
#include "inside/app-die.h"
#include "inside/app-follow.h"
#include "inside/app-pids.h"
#include "inside/app-title.h"

#define BARRIER_MSEC_MAX 30000
#define APP_PID 2       /* of the second process in a namespace */
#define CARRIED_MAX 100

/* Whether there is a child left. */
static bool collect(void)
{
        pid_t pid;

        do
                pid = waitpid(-1, NULL, WNOHANG);
        while (pid > 0);
        return pid == 0;
}

/* The kernel ends what is left in the namespace together with this process. All signals are blocked. Nothing can be
 * read from started until the other process is there, or never will be. */
__attribute__((noreturn)) static void become_init(int started, int argc, char *argv[])
{
        struct pollfd fds[] = { { .events = POLLIN }, { .events = POLLIN } };
        struct signalfd_siginfo si;
        char byte;

        app_title_set(argc, argv, "podctl-init");
        app_bystander_become(started, 0);
        (void) read(0, &byte, 1);
        fds[0].fd = app_bystander_signals();
        fds[1].fd = (int) syscall(SYS_pidfd_open, APP_PID, 0);
        for (;;) {
                bool left = collect();

                if (fds[1].fd >= 0 && poll(fds + 1, 1, 0) > 0) {
                        (void) close(fds[1].fd);
                        fds[1].fd = -1;
                }
                if (!left && fds[1].fd < 0)
                        _exit(EXIT_SUCCESS);
                if (poll(fds, 2, -1) > 0 && fds[0].revents)
                        (void) read(fds[0].fd, &si, sizeof(si));
        }
}

/* Its namespace is what this process makes for its children. It has given up its privileges when this returns, since
 * the app may be able to trace it. Returns a descriptor that is to be closed once the app has started. */
static int start_init(int argc, char *argv[])
{
        int started[2], ready[2];
        char byte;
        pid_t pid;

        if (unshare(CLONE_NEWPID) < 0)
                die("cannot make the app's own PID namespace: %m");
        if (pipe2(started, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0 || (pid = fork()) < 0)
                die("cannot start the first process of the app's PID namespace: %m");
        if (pid == 0) {
                (void) close(started[1]);
                become_init(started[0], argc, argv);
        }
        (void) close(started[0]);
        (void) close(ready[1]);
        (void) read(ready[0], &byte, 1);
        (void) close(ready[0]);
        return started[1];
}

static int make_proc(void)
{
        int fs = (int) syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC), mount = -1;

        if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) >= 0)
                mount = (int) syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        (void) close(fs);
        return mount;
}

static bool put(int mount, const char *path)
{
        return mount >= 0 && syscall(SYS_move_mount, mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) >= 0 &&
               close(mount) == 0;
}

/* Only the kernel's own /proc of the new namespace stays, with the volumes that are below it: beneath it, that of the
 * pod could be found. That has to be there while the new one is made, since the kernel shows no more than could be seen
 * before (mount_namespaces(7)). */
static void mount_proc(char *const *carry)
{
        int volumes[CARRIED_MAX], mount = make_proc();
        size_t n = 0;

        for (; carry && carry[n]; n++)
                if (n == CARRIED_MAX || (volumes[n] = (int) syscall(SYS_open_tree, AT_FDCWD, carry[n],
                                                                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                                                            AT_RECURSIVE)) < 0)
                        die("cannot keep the volume at %s: %m", carry[n]);
        if (mount < 0 || umount2("/proc", MNT_DETACH | UMOUNT_NOFOLLOW) < 0 || !put(mount, "/proc"))
                die("cannot mount /proc of the app's PID namespace: %m");
        for (size_t i = 0; i < n; i++)
                if (!put(volumes[i], carry[i]))
                        die("cannot mount the volume at %s: %m", carry[i]);
}

/* A connection to PID 1; negative: there is none. */
static int connect_manager(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
                return -1;
        (void) strcpy(address.sun_path, path);
        return connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ? -1 : fd;
}

/* With a descriptor, if that is not negative. */
static bool tell(int manager, const char *text, int fd)
{
        struct iovec iov = { .iov_base = (void *) text, .iov_len = strlen(text) };
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr header;
        } control = { .header = { .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET,
                                  .cmsg_type = SCM_RIGHTS } };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (fd >= 0) {
                memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
                message.msg_control = &control;
                message.msg_controllen = sizeof(control);
        }
        return sendmsg(manager, &message, MSG_NOSIGNAL) >= 0;
}

/* Returns when PID 1 knows: it closes the pipe after it has read what came before (sd_notify_barrier(3)). */
static bool hand_over(int manager, pid_t pid)
{
        struct pollfd wait = {};
        int barrier[2];
        char text[64];

        (void) snprintf(text, sizeof(text), "MAINPID=%i", pid);
        if (pipe2(barrier, O_CLOEXEC) < 0 || !tell(manager, text, -1) || !tell(manager, "BARRIER=1", barrier[1]))
                return false;
        (void) close(barrier[1]);
        wait.fd = barrier[0];
        return poll(&wait, 1, BARRIER_MSEC_MAX) > 0;
}

/* The new process is a child of PID 1, which so learns its exit status. It waits until PID 1 knows it as the main one:
 * the end of another process of a unit says nothing. */
static void become_main(int started, int manager)
{
        bool terminal = app_terminal_leave();
        int known[2];
        char byte;
        pid_t pid;

        if (pipe2(known, O_CLOEXEC) < 0)
                die("cannot make a pipe: %m");
        pid = (pid_t) syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, 0);
        if (pid < 0)
                die("cannot fork: %m");
        (void) close(started);
        if (pid > 0) {
                (void) close(known[0]);
                if (!hand_over(manager, pid))
                        die("cannot tell PID 1 of the pod about the app's main process: %m");
                _exit(write(known[1], "", 1) == 1 ? EXIT_SUCCESS : EXIT_EXEC);
        }
        (void) close(known[1]);
        app_session_own(terminal);
        if (read(known[0], &byte, 1) != 1)
                _exit(EXIT_EXEC);
        (void) close(known[0]);
}

/* The app has no use for the socket unless it says itself when it is ready. */
static void drop_notify_socket(LaunchOptions *l, const char *path)
{
        app_variables_drop(&l->environment, "NOTIFY_SOCKET", path);
        (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
}

void app_pids_part(LaunchOptions *l, int argc, char *argv[])
{
        const char *notify_socket = getenv("NOTIFY_SOCKET");
        sigset_t all, before;
        int started;

        if (!l->pids)
                return;
        if (strcmp(l->pids, PIDS_HOST) == 0) {
                l->manager = connect_manager(notify_socket ? notify_socket : "");
                app_variables_drop(&l->environment, "NOTIFY_SOCKET", notify_socket ? notify_socket : "");
                return;
        }
        /* As a signal to the terminal's session would end them before they are on their own. */
        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        started = start_init(argc, argv);
        if (strcmp(l->pids, PIDS_BESIDE) == 0) {
                app_follow(l);
                (void) close(started);
        } else {
                l->manager = connect_manager(notify_socket ? notify_socket : "");
                become_main(started, l->manager);
        }
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        app_variables_own_pid(&l->environment);
        if (notify_socket && strcmp(l->pids, PIDS_NOTIFY) != 0)
                drop_notify_socket(l, notify_socket);
        mount_proc(l->carry);
}

void app_pids_ready(const LaunchOptions *l)
{
        if (l->pids && (strcmp(l->pids, PIDS_MAIN) == 0 || strcmp(l->pids, PIDS_HOST) == 0) &&
            !tell(l->manager, "READY=1", -1))
                die("cannot tell PID 1 of the pod that the app starts: %m");
}
