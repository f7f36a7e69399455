/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/unix-socket.h"
#include "cli/start/pod-handover.h"

#define SOCKET_NAME "handover"

struct PodHandover {
        Pod *pod;
        int listen_fd;
        int peer_fd;
        sd_event_source *incoming, *taken;
};

/* The maker */

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

        /* An earlier peer, if any, has gone without taking the lock. */
        safe_close(h->peer_fd);
        h->peer_fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (h->peer_fd < 0 || unix_send(h->peer_fd, "", 1, &h->pod->fd, 1) < 0)
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

int pod_handover_take(Pod *pod)
{
        _cleanup_close_ int socket_fd = unix_connect_at(pod->fd, SOCKET_NAME, SOCK_SEQPACKET), lock = -EBADF;
        char byte;
        ssize_t n;
        int r;

        if (socket_fd < 0)
                return socket_fd;
        n = unix_receive(socket_fd, &byte, 1, &lock, 1);
        if (n <= 0)
                return n < 0 ? (int) n : -ECONNRESET;
        if (lock < 0)
                return -EBADMSG;
        r = pod_adopt_lock(pod, lock);
        if (r < 0)
                return r;
        (void) TAKE_FD(lock);
        return send(socket_fd, "", 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}
