/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-fds.h"
#include "inside/app-mount.h"
#include "inside/app-notify.h"
#include "inside/app-status.h"
#include "inside/app-title.h"
#include "inside/launch-places.h"
#include "inside/notify-relay.h"

/* PID 1 reads no longer ones. */
#define MESSAGE_MAX 4096U
#define BARRIER "BARRIER=1"
#define MAIN_PID "MAINPID="
/* Where PID 1 splits messages. */
#define LINE_ENDS "\n\r"
/* To PID 1 a user like any other. */
#define NOBODY 65534

/* Messages that wait when the app ends: as many as the kernel keeps of a socket (net.unix.max_dgram_qlen), or more. */
#define LAST_MESSAGES_MAX 1000

/* What is left out makes PID 1 keep descriptors, listen to others or signal a process. */
static const char *const passed[] = {
        "READY=1", "RELOADING=1", "STOPPING=1", "WATCHDOG=1", "STATUS=", "ERRNO=", "BUSERROR=", "EXIT_STATUS=",
        "EXTEND_TIMEOUT_USEC=", "MONOTONIC_USEC=", "WATCHDOG_USEC=",
};

static bool is_like(const char *line, size_t n, const char *row)
{
        const size_t length = strlen(row);

        return row[length - 1] == '=' ? n >= length && strncmp(line, row, length) == 0
                                      : n == length && strncmp(line, row, n) == 0;
}

static bool is_passed(const char *line, size_t n, bool names_main)
{
        for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++)
                if (is_like(line, n, passed[i]))
                        return true;
        return names_main && is_like(line, n, MAIN_PID);
}

size_t notify_relay_filter(const char *message, bool names_main, char *ret)
{
        size_t length = 0;

        for (const char *line = message; *line;) {
                const size_t n = strcspn(line, LINE_ENDS);

                if (is_passed(line, n, names_main)) {
                        if (length > 0)
                                ret[length++] = '\n';
                        memcpy(ret + length, line, n);
                        length += n;
                }
                line += n + (line[n] != 0);
        }
        ret[length] = 0;
        return length;
}

/* The process */

enum { APP_SOCKET, MANAGER, RECORD, LAUNCHER, APP, N_DESCRIPTORS }; /* its descriptors */

/* The first; the kernel gives as many as there is room for, which may be one more. */
static void take_descriptor(struct msghdr *message, int *ret)
{
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
                for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (*ret < 0)
                                *ret = fd;
                        else
                                (void) close(fd);
                }
}

/* Returns the length, negative: there is nothing. */
static ssize_t receive(char *message, int *ret_fd)
{
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control;
        struct iovec iov = { message, MESSAGE_MAX };
        struct msghdr header = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                 .msg_controllen = sizeof(control) };
        ssize_t n = recvmsg(APP_SOCKET, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

        *ret_fd = -1;
        if (n < 0)
                return -1;
        take_descriptor(&header, ret_fd);
        message[header.msg_flags & MSG_TRUNC ? 0 : n] = 0;
        return n;
}

static bool read_group(const char *pid, char ret[static PATH_MAX])
{
        char path[64];
        ssize_t n;
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%s/cgroup", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, ret, PATH_MAX - 1);
        if (fd >= 0)
                (void) close(fd);
        ret[n < 0 ? 0 : n] = 0;
        return n > 0;
}

static const char *find_line(const char *message, const char *beginning)
{
        for (const char *line = message; *line; line += strspn(line, LINE_ENDS)) {
                if (strncmp(line, beginning, strlen(beginning)) == 0)
                        return line;
                line += strcspn(line, LINE_ENDS);
        }
        return NULL;
}

/* The process that the app goes on in, which has to be of the same unit; negative: it names none. */
static int open_main(const char *message)
{
        const char *line = find_line(message, MAIN_PID);
        char own[PATH_MAX], its[PATH_MAX], pid[16];
        int fd;

        if (!line)
                return -1;
        (void) snprintf(pid, sizeof(pid), "%i", atoi(line + strlen(MAIN_PID)));
        fd = (int) syscall(SYS_pidfd_open, atoi(pid), 0);
        if (fd >= 0 && read_group("self", own) && read_group(pid, its) && strcmp(own, its) == 0)
                return fd;
        (void) close(fd);
        return -1;
}

/* PID 1 may see the app's end before what is passed on: whoever judges the end waits for this process, and reads it. */
static void record_ready(const char *text)
{
        if (find_line(text, "READY=1"))
                (void) !pwrite(RECORD, (const char[]) { STATUS_IS_READY }, 1, 0);
}

/* This process ends with the main one. */
static void pass_text(const char *message, bool names_main)
{
        static char text[MESSAGE_MAX + 1];
        int app = names_main ? open_main(message) : -1;

        if (notify_relay_filter(message, app >= 0, text) > 0) {
                record_ready(text);
                (void) app_notify_send(MANAGER, text, -1);
        }
        if (app >= 0 && dup3(app, APP, O_CLOEXEC) >= 0)
                (void) close(app);
}

static bool pass_on(bool names_main)
{
        static char message[MESSAGE_MAX + 1];
        int fd;

        if (receive(message, &fd) < 0)
                return errno == EINTR;
        if (strcmp(message, BARRIER) == 0)
                (void) app_notify_send(MANAGER, BARRIER, fd);
        else
                pass_text(message, names_main);
        if (fd >= 0)
                (void) close(fd);
        return true;
}

static bool is_running(void)
{
        struct pollfd app = { .fd = APP, .events = POLLIN };

        return poll(&app, 1, 0) == 0;
}

__attribute__((noreturn)) static void carry(bool names_main)
{
        do {
                struct pollfd polls[] = { { .fd = APP_SOCKET, .events = POLLIN }, { .fd = APP, .events = POLLIN } };

                if (poll(polls, 2, -1) > 0 && polls[0].revents)
                        (void) pass_on(names_main);
        } while (is_running());
        for (unsigned i = 0; i < LAST_MESSAGES_MAX && pass_on(names_main); i++)
                ;
        _exit(EXIT_SUCCESS);
}

static void keep_descriptors(const int *fds)
{
        int moved[LAUNCHER + 1];

        for (int i = 0; i <= LAUNCHER; i++)
                if ((moved[i] = fds[i] < 0 ? -1 : fcntl(fds[i], F_DUPFD_CLOEXEC, 10)) < 0 && i != RECORD)
                        _exit(EXIT_FAILURE);
        (void) close(RECORD);
        for (int i = 0; i <= LAUNCHER; i++)
                if (moved[i] >= 0 && dup2(moved[i], i) < 0)
                        _exit(EXIT_FAILURE);
        if (close_range(LAUNCHER + 1, ~0U, 0) < 0)
                _exit(EXIT_FAILURE);
}

__attribute__((noreturn)) static void become(const int *fds, bool names_main, int argc, char *argv[])
{
        int app[APP_FDS_MAX];
        char byte;

        keep_descriptors(fds);
        if (chdir("/") < 0 || setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
            setresuid(NOBODY, NOBODY, NOBODY) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                _exit(EXIT_FAILURE);
        app_title_set(argc, argv, NOTIFY_RELAY_TITLE);
        if (!app_fds_receive(LAUNCHER, &byte, 1, app) || app[0] < 0 || (app[0] != APP && dup2(app[0], APP) < 0))
                _exit(EXIT_FAILURE);
        (void) close_range(N_DESCRIPTORS, ~0U, 0);
        carry(names_main);
}

/* Starting it */

/* A socket needs a file system; this one has no other file, and no name once the socket is at its place. */
static int make_socket(const char *path)
{
        static const char place[] = LAUNCH_FILES, name[] = LAUNCH_FILES "/notify";
        const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = LAUNCH_FILES "/notify" };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), mount;

        if (fd < 0 || !app_mount_put(app_mount_make("tmpfs"), place) ||
            bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || chmod(name, 0666) < 0)
                die("cannot make a socket for the app's notifications: %m");
        mount = (int) syscall(SYS_open_tree, AT_FDCWD, name, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        (void) umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW);
        if (mount < 0 || umount2(place, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 || !app_mount_put(mount, path))
                die("cannot mount the socket for the app's notifications at %s: %m", path);
        return fd;
}

/* Its parent ends at once, so that it becomes a child of PID 1. */
static void start(const int *fds, bool names_main, int argc, char *argv[])
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                pid = fork();
                if (pid == 0)
                        become(fds, names_main, argc, argv);
                _exit(pid < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
                die("cannot fork the process that passes on the app's notifications");
}

int notify_relay_start(const char *path, bool names_main, int record, int argc, char *argv[])
{
        const int manager = app_notify_connect(path);
        int pair[2], fds[LAUNCHER + 1];

        if (manager < 0)
                return -1;
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                die("cannot make a socket: %m");
        fds[APP_SOCKET] = make_socket(path);
        fds[MANAGER] = manager;
        fds[RECORD] = record;
        fds[LAUNCHER] = pair[1];
        start(fds, names_main, argc, argv);
        for (int i = 0; i <= LAUNCHER; i++)
                if (fds[i] >= 0)
                        (void) close(fds[i]);
        return pair[0];
}

void notify_relay_follow(int relay, int app)
{
        if (relay < 0)
                return;
        if (app < 0 || !app_fds_send(relay, "", 1, &app, 1))
                die("cannot tell the process that passes on the app's notifications which that is: %m");
        (void) close(relay);
}
