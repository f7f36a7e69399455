/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/unix-socket.h"
#include "cli/pod-handover.h"

#define SOCKET_NAME "handover"

struct PodHandover {
        Pod *pod;
        int listen_fd;
        int peer_fd;
        sd_event_source *incoming, *taken;
};

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
} Control;

/* The maker */

static int send_lock(int socket_fd, int lock)
{
        Control control = {
                .header = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)) },
        };
        struct iovec part = { .iov_base = (char[]) { 0 }, .iov_len = 1 };
        struct msghdr message = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
        };

        memcpy(CMSG_DATA(&control.header), &lock, sizeof(int));
        return sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int on_taken(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        PodHandover *h = userdata;
        char byte;

        if (recv(fd, &byte, 1, MSG_DONTWAIT) == 1)
                h->pod->fd = safe_close(h->pod->fd);
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int on_connection(sd_event_source *source, int listen_fd, uint32_t events, void *userdata)
{
        PodHandover *h = userdata;

        /* One before it, if any, has gone without the lock. */
        safe_close(h->peer_fd);
        h->peer_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (h->peer_fd < 0 || send_lock(h->peer_fd, h->pod->fd) < 0)
                return 0;
        (void) unlinkat(h->pod->fd, SOCKET_NAME, 0);
        (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return sd_event_add_io(sd_event_source_get_event(source), &h->taken, h->peer_fd, EPOLLIN, on_taken, h);
}

int pod_handover_new(sd_event *event, Pod *pod, PodHandover **ret)
{
        _cleanup_(pod_handover_freep) PodHandover *h = new0(PodHandover, 1);
        int r;

        if (!h)
                return -ENOMEM;
        *h = (PodHandover) {
                .pod = pod,
                .listen_fd = unix_listen_at(pod->fd, SOCKET_NAME, SOCK_SEQPACKET),
                .peer_fd = -EBADF,
        };
        if (h->listen_fd < 0)
                return h->listen_fd;
        r = sd_event_add_io(event, &h->incoming, h->listen_fd, EPOLLIN, on_connection, h);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(h);
        return 0;
}

PodHandover *pod_handover_free(PodHandover *h)
{
        if (!h)
                return NULL;
        sd_event_source_disable_unref(h->incoming);
        sd_event_source_disable_unref(h->taken);
        safe_close(h->listen_fd);
        safe_close(h->peer_fd);
        return mfree(h);
}

/* The unit's process */

static int receive_lock(int socket_fd)
{
        Control control = {};
        struct iovec part = { .iov_base = (char[]) { 0 }, .iov_len = 1 };
        struct msghdr message = {
                .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
        };
        const struct cmsghdr *c;
        ssize_t n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC);
        int fd;

        if (n <= 0)
                return n < 0 ? -errno : -ECONNRESET;
        c = CMSG_FIRSTHDR(&message);
        if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)))
                return -EBADMSG;
        memcpy(&fd, CMSG_DATA(c), sizeof(int));
        return fd;
}

int pod_handover_take(Pod *pod)
{
        _cleanup_close_ int socket_fd = unix_connect_at(pod->fd, SOCKET_NAME, SOCK_SEQPACKET), lock = -EBADF;
        int r;

        if (socket_fd < 0)
                return socket_fd;
        lock = receive_lock(socket_fd);
        if (lock < 0)
                return lock;
        r = pod_adopt_lock(pod, lock);
        if (r < 0)
                return r;
        (void) TAKE_FD(lock);
        return send(socket_fd, "", 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
