/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/time-util.h"
#include "streaming/stream-wire.h"

/* From here on there is no room. */
#define QUEUE_FULL (256U * 1024)
/* Small things, as answers to pings, are written without asking. */
#define QUEUE_MAX (4U * 1024 * 1024)
#define FINISH_USEC (5 * USEC_PER_SEC)

struct StreamWire {
        StreamWireEvents events;
        void *userdata;
        int fd;
        sd_event_source *io, *deadline, *cut;
        uint8_t *queue;
        size_t start, n, allocated; /* what is in the queue begins at start */
        bool paused, finishing, gone;
        bool full; /* and nobody was told yet that there is room again */
};

static void be_gone(StreamWire *w)
{
        if (w->gone)
                return;
        w->gone = true;
        w->n = 0;
        w->io = sd_event_source_disable_unref(w->io);
        w->events.on_gone(w->userdata);
}

/* In the next turn of the loop: who is writing need not expect it. */
static int on_cut(sd_event_source *source, void *userdata)
{
        be_gone(userdata);
        return 0;
}

static void cut(StreamWire *w)
{
        w->n = 0;
        w->io = sd_event_source_disable_unref(w->io);
        if (!w->cut)
                (void) sd_event_add_defer(sd_event_source_get_event(w->deadline), &w->cut, on_cut, w);
}

static void watch(StreamWire *w)
{
        uint32_t events = EPOLLRDHUP | (w->paused ? 0 : EPOLLIN) | (w->n > 0 || w->full ? EPOLLOUT : 0);

        if (w->io)
                (void) sd_event_source_set_io_events(w->io, events);
}

static bool send_queue(StreamWire *w)
{
        while (w->n > 0) {
                ssize_t k = send(w->fd, w->queue + w->start, w->n, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return errno == EAGAIN;
                w->start += (size_t) k;
                w->n -= (size_t) k;
        }
        w->start = 0;
        return true;
}

static int append(StreamWire *w, const uint8_t *data, size_t n)
{
        if (w->start > 0)
                memmove(w->queue, w->queue + w->start, w->n);
        w->start = 0;
        if (ARRAY_GROW(w->queue, w->allocated, w->n, n) < 0)
                return -ENOMEM;
        memcpy(w->queue + w->n, data, n);
        w->n += n;
        return 0;
}

int stream_wire_write(StreamWire *w, const uint8_t *data, size_t n)
{
        int r;

        if (n == 0 || !w->io)
                return 0;
        r = n > QUEUE_MAX - MIN(w->n, QUEUE_MAX) ? -ENOBUFS : append(w, data, n);
        if (r < 0 || !send_queue(w)) {
                cut(w);
                return r;
        }
        w->full |= !stream_wire_has_room(w);
        watch(w);
        return 0;
}

bool stream_wire_has_room(const StreamWire *w)
{
        return w->n < QUEUE_FULL;
}

void stream_wire_pause(StreamWire *w, bool pause)
{
        w->paused = pause && !w->finishing;
        watch(w);
}

static int on_deadline(sd_event_source *source, uint64_t now, void *userdata)
{
        be_gone(userdata);
        return 0;
}

void stream_wire_finish(StreamWire *w)
{
        if (w->finishing)
                return;
        w->finishing = true;
        stream_wire_pause(w, false);
        if (!w->io)
                return;
        (void) sd_event_source_set_time_relative(w->deadline, FINISH_USEC);
        (void) sd_event_source_set_enabled(w->deadline, SD_EVENT_ONESHOT);
}

/* Negative: there will be nothing more. */
static ssize_t read_some(StreamWire *w)
{
        uint8_t buffer[STREAM_READ_MAX];
        ssize_t n = recv(w->fd, buffer, sizeof(buffer), MSG_DONTWAIT);

        if (n > 0 && !w->finishing)
                w->events.on_bytes(buffer, (size_t) n, w->userdata);
        if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
                return 0;
        return -1;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        StreamWire *w = userdata;

        if ((events & EPOLLOUT) && !send_queue(w)) {
                be_gone(w);
                return 0;
        }
        /* Paused, its end is behind what nobody takes; then it does not wait for an answer to that either. */
        if ((events & EPOLLERR) || (w->paused && events & (EPOLLHUP | EPOLLRDHUP)) ||
            ((events & EPOLLIN) && read_some(w) < 0)) {
                be_gone(w);
                return 0;
        }
        if (w->full && stream_wire_has_room(w)) {
                w->full = false;
                w->events.on_room(w->userdata);
        }
        watch(w);
        return 0;
}

int stream_wire_new(sd_event *event, int fd, const StreamWireEvents *events, void *userdata, StreamWire **ret)
{
        _cleanup_(stream_wire_freep) StreamWire *w = new0(StreamWire, 1);
        int r;

        if (!w) {
                safe_close(fd);
                return -ENOMEM;
        }
        w->fd = fd;
        w->events = *events;
        w->userdata = userdata;
        r = sd_event_add_time_relative(event, &w->deadline, CLOCK_MONOTONIC, FINISH_USEC, 0, on_deadline, w);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(w->deadline, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &w->io, fd, EPOLLIN | EPOLLRDHUP, on_io, w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

StreamWire *stream_wire_free(StreamWire *w)
{
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->io);
        sd_event_source_disable_unref(w->cut);
        sd_event_source_disable_unref(w->deadline);
        safe_close(w->fd);
        free(w->queue);
        return mfree(w);
}
