/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inside/app-fds.h"

typedef union Control {
        char bytes[CMSG_SPACE(APP_FDS_MAX * sizeof(int))];
        struct cmsghdr align;
} Control;

bool app_fds_send(int socket_fd, const void *data, size_t n, const int *fds, size_t n_fds)
{
        struct iovec iov = { .iov_base = (void *) data, .iov_len = n };
        Control control = {};
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (n_fds > 0) {
                control.align = (struct cmsghdr) { .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
                                                   .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.align), fds, n_fds * sizeof(int));
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        }
        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) == (ssize_t) n;
}

static void take(struct msghdr *message, int *fds)
{
        size_t at = 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
                for (size_t i = 0; c->cmsg_type == SCM_RIGHTS && CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (at < APP_FDS_MAX)
                                fds[at++] = fd;
                        else
                                (void) close(fd);
                }
}

bool app_fds_receive(int socket_fd, void *data, size_t n, int fds[static APP_FDS_MAX])
{
        struct iovec iov = { .iov_base = data, .iov_len = n };
        Control control;
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t k;

        for (size_t i = 0; i < APP_FDS_MAX; i++)
                fds[i] = -1;
        do
                k = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
        while (k < 0 && errno == EINTR);
        if (k < 0)
                return false;
        take(&message, fds);
        if (k == (ssize_t) n && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
                return true;
        for (size_t i = 0; i < APP_FDS_MAX; i++)
                if (fds[i] >= 0)
                        (void) close(fds[i]);
        return false;
}
