/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside/app-fds.h"
#include "inside/app-notify.h"

#define BARRIER_MSEC_MAX 30000

int app_notify_connect(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd;

        if (!path || *path != '/' || strlen(path) >= sizeof(address.sun_path))
                return -1;
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        (void) strcpy(address.sun_path, path);
        if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                (void) close(fd);
                return -1;
        }
        return fd;
}

bool app_notify_send(int manager, const char *text, int fd)
{
        return app_fds_send(manager, text, strlen(text), &fd, fd >= 0);
}

bool app_barrier_open(AppBarrier *barrier)
{
        return pipe2(barrier->fds, O_CLOEXEC) >= 0;
}

/* PID 1 closes what it was sent after it has read what came before. */
static bool wait_for_end(int fd)
{
        struct pollfd wait = { .fd = fd };
        int r;

        do
                r = poll(&wait, 1, BARRIER_MSEC_MAX);
        while (r < 0 && errno == EINTR);
        if (r == 0)
                errno = ETIMEDOUT;
        return r > 0;
}

bool app_barrier_wait(AppBarrier *barrier, int manager)
{
        bool sent = app_notify_send(manager, "BARRIER=1", barrier->fds[1]);

        (void) close(barrier->fds[1]);
        sent = sent && wait_for_end(barrier->fds[0]);
        (void) close(barrier->fds[0]);
        return sent;
}

bool app_notify_and_wait(int manager, const char *text)
{
        AppBarrier barrier;

        return app_barrier_open(&barrier) && app_notify_send(manager, text, -1) && app_barrier_wait(&barrier, manager);
}
