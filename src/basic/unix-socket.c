/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fd.h"
#include "basic/unix-socket.h"

static int make_address(int dir_fd, const char *name, struct sockaddr_un *ret)
{
        int n;

        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%i/%s", dir_fd, name);
        return n < 0 || (size_t) n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}

static bool is_datagram(int type)
{
        return (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_DGRAM;
}

int unix_listen_at(int dir_fd, const char *name, int type)
{
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        int r = fd < 0 ? -errno : make_address(dir_fd, name, &address);

        if (r < 0)
                return r;
        (void) unlinkat(dir_fd, name, 0);
        if (bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || fchmodat(dir_fd, name, 0600, 0) < 0 ||
            (!is_datagram(type) && listen(fd, SOMAXCONN) < 0))
                return -errno;
        return TAKE_FD(fd);
}

int unix_connect_at(int dir_fd, const char *name, int type)
{
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        int r = fd < 0 ? -errno : make_address(dir_fd, name, &address);

        if (r < 0)
                return r;
        return connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : TAKE_FD(fd);
}

int unix_connect_foreign_at(int dir_fd, const char *name, int type)
{
        _cleanup_close_ int node = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -EBADF;
        static const struct timeval patience = { .tv_sec = UNIX_CONNECT_SECONDS }, forever = {};
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct stat st;

        if (node < 0 || fstat(node, &st) < 0)
                return -errno;
        if (!S_ISSOCK(st.st_mode))
                return -ENOTSOCK;
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        (void) proc_fd_path(node, address.sun_path);
        if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0 ||
            connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &forever, sizeof(forever)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(UNIX_FDS_MAX * sizeof(int))];
} Control;

int unix_send(int socket_fd, const void *data, size_t size, const int *fds, size_t n_fds)
{
        struct iovec part = { .iov_base = (void *) data, .iov_len = size };
        struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
        Control control = {};
        ssize_t n;

        if (n_fds > UNIX_FDS_MAX)
                return -EINVAL;
        if (n_fds > 0) {
                control.header = (struct cmsghdr) {
                        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
                };
                memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
                message.msg_control = &control;
                message.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
        }
        do
                n = sendmsg(socket_fd, &message, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

/* If more descriptors come than there is room for, all are closed. The kernel installs as many as fit into the space
 * after alignment. */
static int take_fds(struct msghdr *message, int *fds, size_t n_fds)
{
        const struct cmsghdr *c = CMSG_FIRSTHDR(message);
        size_t n = c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
                   ? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) : 0;
        bool too_many = n > n_fds || (message->msg_flags & MSG_CTRUNC);

        for (size_t i = 0; i < n; i++) {
                int fd;

                memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                if (too_many)
                        safe_close(fd);
                else
                        fds[i] = fd;
        }
        return too_many ? -EBADMSG : 0;
}

ssize_t unix_receive(int socket_fd, void *buffer, size_t size, int *fds, size_t n_fds)
{
        struct iovec part = { .iov_base = buffer, .iov_len = size };
        Control control = {};
        struct msghdr message = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
        };
        ssize_t n;
        int r;

        for (size_t i = 0; i < n_fds; i++)
                fds[i] = -EBADF;
        do
                n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        r = take_fds(&message, fds, n_fds);
        if (r >= 0 && !(message.msg_flags & MSG_TRUNC))
                return n;
        for (size_t i = 0; i < n_fds; i++)
                fds[i] = safe_close(fds[i]);
        return -EBADMSG;
}
