/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-bystander.h"
#include "inside/app-die.h"
#include "inside/app-follow.h"
#include "inside/app-mount.h"
#include "inside/app-notify.h"
#include "inside/app-output.h"
#include "inside/app-pids.h"
#include "inside/app-title.h"
#include "inside/notify-relay.h"
#include "inside/pids-of.h"

#define APP_PID 2       /* of the second process in a namespace */
#define CARRIED_MAX 100
#define CGROUPS "/sys/fs/cgroup"

static void collect(void)
{
        while (waitpid(-1, NULL, WNOHANG) > 0)
                ;
}

/* The kernel kills what the app has left in the namespace together with this process, which ends when the app does. All
 * signals are blocked. Nothing can be read from started until the other process is there, or never will be. */
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
        while (fds[1].fd >= 0 && fds[1].revents == 0) {
                collect();
                if (poll(fds, 2, -1) > 0 && fds[0].revents)
                        (void) read(fds[0].fd, &si, sizeof(si));
        }
        _exit(EXIT_SUCCESS);
}

/* Whoever may mount the control groups then finds only that of the app: those of the pod's other apps could be stopped
 * and killed through their files. No process that the app sees has those of the pod. */
static void own_cgroups(const LaunchOptions *l)
{
        if (l->own_cgroups && unshare(CLONE_NEWCGROUP) < 0)
                die("cannot make the app's own cgroup namespace: %m");
}

/* Its namespace is what this process makes for its children. It has given up its privileges when this returns, since
 * the app may be able to trace it. Returns a descriptor that is to be closed once the app has started. */
static int start_init(const LaunchOptions *l, int argc, char *argv[])
{
        int started[2], ready[2];
        char byte;
        pid_t pid;

        if (unshare(CLONE_NEWPID) < 0)
                die("cannot make the app's own PID namespace: %m");
        own_cgroups(l);
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

/* Returns the same, or a negative number if the first process is that of another app. */
static int enter_namespace(const LaunchOptions *l, int argc, char *argv[])
{
        if (!l->pids_of)
                return start_init(l, argc, argv);
        pids_of_enter(l->pids_of);
        own_cgroups(l);
        return -1;
}

/* Only the kernel's own /proc of the new namespace stays, with the volumes that are below it: beneath it, that of the
 * pod could be found. That has to be there while the new one is made, since the kernel shows no more than could be seen
 * before (mount_namespaces(7)). */
static void mount_proc(char *const *carry)
{
        int volumes[CARRIED_MAX], mount = app_mount_make("proc");
        size_t n = 0;

        for (; carry && carry[n]; n++)
                if (n == CARRIED_MAX || (volumes[n] = (int) syscall(SYS_open_tree, AT_FDCWD, carry[n],
                                                                    OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                                                                            AT_RECURSIVE)) < 0)
                        die("cannot keep the volume at %s: %m", carry[n]);
        if (mount < 0 || umount2("/proc", MNT_DETACH | UMOUNT_NOFOLLOW) < 0 || !app_mount_put(mount, "/proc"))
                die("cannot mount /proc of the app's PID namespace: %m");
        for (size_t i = 0; i < n; i++)
                if (!app_mount_put(volumes[i], carry[i]))
                        die("cannot mount the volume at %s: %m", carry[i]);
}

/* In place of the pod's, which would be beneath it. */
static void mount_cgroups(void)
{
        int mount = app_mount_make("cgroup2");

        if (mount < 0 || umount2(CGROUPS, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 || !app_mount_put(mount, CGROUPS))
                die("cannot mount " CGROUPS " of the app's control group: %m");
}

static bool hand_over(int manager, pid_t pid)
{
        char text[64];

        (void) snprintf(text, sizeof(text), "MAINPID=%i", pid);
        return app_notify_and_wait(manager, text);
}

/* Out of the app's reach, as its user. Who is attached from the start gets nothing from here. */
__attribute__((noreturn)) static void relay(const LaunchOptions *l, int app, int argc, char *argv[])
{
        if (!l->outputs.open)
                _exit(EXIT_SUCCESS);
        if (l->attached)
                the_client = -1;
        (void) close(l->outputs.out[1]);
        (void) close(l->outputs.err[1]);
        if (setgroups(0, NULL) < 0 || setresgid(l->gid, l->gid, l->gid) < 0 || setresuid(l->uid, l->uid, l->uid) < 0)
                _exit(EXIT_EXEC);
        app_relay_become(&l->outputs, l->relay, app, argc, argv);
}

/* What was to end the app, when PID 1 knew no other process of it than this one. */
static void pass_signals(pid_t app)
{
        sigset_t pending;

        (void) sigpending(&pending);
        for (int i = 1; i < NSIG; i++)
                if (i != SIGCHLD && sigismember(&pending, i) > 0)
                        (void) kill(app, i);
}

/* The new process is a child of PID 1, which so learns its exit status. It waits until PID 1 knows it as the main one:
 * the end of another process of a unit says nothing. */
static void become_main(LaunchOptions *l, int started, int notifications, int argc, char *argv[])
{
        bool terminal = app_terminal_leave();
        int known[2], app;
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
                app = (int) syscall(SYS_pidfd_open, pid, 0);
                notify_relay_follow(notifications, app);
                if (!hand_over(l->manager, pid))
                        die("cannot tell PID 1 of the pod about the app's main process: %m");
                pass_signals(pid);
                if (write(known[1], "", 1) != 1)
                        _exit(EXIT_EXEC);
                relay(l, app, argc, argv);
        }
        l->relayed = true;
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

static void block_signals(sigset_t *ret_before)
{
        sigset_t all;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, ret_before);
}

/* Its one byte is there from the start, so that it can be written over on a full disk. */
static int open_record(const LaunchOptions *l)
{
        int fd = l->ready ? open(l->ready, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644) : -1;

        if (fd >= 0)
                (void) !write(fd, "0\n", 2);
        return fd;
}

/* There is no namespace. */
static void stay(LaunchOptions *l, const char *notify_socket, int argc, char *argv[])
{
        sigset_t before;

        if (strcmp(l->pids, PIDS_HOST) == 0) {
                l->manager = app_notify_connect(notify_socket);
                app_variables_drop(&l->environment, "NOTIFY_SOCKET", notify_socket ? notify_socket : "");
                return;
        }
        block_signals(&before);
        notify_relay_follow(notify_relay_start(notify_socket, true, open_record(l), argc, argv),
                            (int) syscall(SYS_pidfd_open, getpid(), 0));
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
}

/* Signals are blocked meanwhile, as one to the terminal's session would end the new processes before they are on their
 * own. */
static void part(LaunchOptions *l, const char *notify_socket, int argc, char *argv[])
{
        int started, notifications = -1;
        sigset_t before;

        block_signals(&before);
        if (strcmp(l->pids, PIDS_BESIDE) != 0)
                l->manager = app_notify_connect(notify_socket);
        if (strcmp(l->pids, PIDS_NOTIFY) == 0)
                notifications = notify_relay_start(notify_socket, false, open_record(l), argc, argv);
        started = enter_namespace(l, argc, argv);
        if (strcmp(l->pids, PIDS_BESIDE) == 0) {
                app_follow(l);
                (void) close(started);
        } else
                become_main(l, started, notifications, argc, argv);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
}

void app_pids_part(LaunchOptions *l, int argc, char *argv[])
{
        const char *notify_socket = getenv("NOTIFY_SOCKET");

        if (!l->pids)
                return;
        if (strcmp(l->pids, PIDS_HOST) == 0 || strcmp(l->pids, PIDS_POD_NOTIFY) == 0) {
                stay(l, notify_socket, argc, argv);
                return;
        }
        part(l, notify_socket, argc, argv);
        app_variables_own_pid(&l->environment);
        if (notify_socket && strcmp(l->pids, PIDS_NOTIFY) != 0)
                drop_notify_socket(l, notify_socket);
        mount_proc(l->carry);
        if (l->own_cgroups)
                mount_cgroups();
}

static bool tells_manager(const LaunchOptions *l)
{
        return l->pids && (strcmp(l->pids, PIDS_MAIN) == 0 || strcmp(l->pids, PIDS_HOST) == 0);
}

void app_pids_prepare(LaunchOptions *l)
{
        if (tells_manager(l) && !app_barrier_open(&l->barrier))
                die("cannot make a pipe: %m");
}

/* The program may end at once, and PID 1 see that before it has read this, which would be a start that has failed. */
void app_pids_ready(LaunchOptions *l)
{
        if (tells_manager(l) &&
            (!app_notify_send(l->manager, "READY=1", -1) || !app_barrier_wait(&l->barrier, l->manager)))
                die("cannot tell PID 1 of the pod that the app starts: %m");
}
