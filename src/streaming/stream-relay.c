/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "streaming/stream-relay.h"

/* Above this, nothing is read from the client. */
#define PENDING_FULL (256U * 1024)
#define READ_MAX 32768U
#define END_OF_INPUT 4 /* Ctrl-D */

/* From the client */

struct StreamSink {
        sd_event *event;
        StreamConnection *connection;
        sd_event_source *io;
        int fd;
        uint8_t *pending;
        size_t n, allocated;
        bool is_terminal, paused, ends, dead;
};

static void set_paused(StreamSink *s, bool pause)
{
        if (s->paused == pause)
                return;
        s->paused = pause;
        stream_pause(s->connection, pause);
}

static void close_sink(StreamSink *s)
{
        s->dead = true;
        s->n = 0;
        s->io = sd_event_source_disable_unref(s->io);
        /* A descriptor that is no socket is ended by being closed. */
        if (s->fd >= 0 && !s->is_terminal && shutdown(s->fd, SHUT_WR) < 0)
                s->fd = safe_close(s->fd);
        set_paused(s, false);
}

static void write_pending(StreamSink *s)
{
        size_t done = 0;

        while (done < s->n) {
                ssize_t k = write(s->fd, s->pending + done, s->n - done);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0 && errno != EAGAIN) {
                        close_sink(s);
                        return;
                }
                if (k < 0)
                        break;
                done += (size_t) k;
        }
        s->n -= done;
        if (s->n > 0 && done > 0)
                memmove(s->pending, s->pending + done, s->n);
}

static void sink_step(StreamSink *s)
{
        if (s->io)
                write_pending(s);
        if (s->io && s->n == 0 && s->ends)
                close_sink(s);
        if (s->dead)
                return;
        set_paused(s, s->n >= PENDING_FULL);
        if (s->io)
                (void) sd_event_source_set_enabled(s->io, s->n > 0 ? SD_EVENT_ON : SD_EVENT_OFF);
}

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        sink_step(userdata);
        return 0;
}

int stream_sink_open(StreamSink *s, int fd)
{
        int r;

        s->fd = fd;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(s->event, &s->io, fd, EPOLLOUT, on_writable, s);
        if (r >= 0)
                sink_step(s);
        return MIN(r, 0);
}

int stream_sink_new(sd_event *event, StreamConnection *connection, bool is_terminal, StreamSink **ret)
{
        StreamSink *s = new0(StreamSink, 1);

        if (!s)
                return -ENOMEM;
        s->event = sd_event_ref(event);
        s->connection = connection;
        s->fd = -EBADF;
        s->is_terminal = is_terminal;
        *ret = s;
        return 0;
}

StreamSink *stream_sink_free(StreamSink *s)
{
        if (!s)
                return NULL;
        set_paused(s, false);
        sd_event_source_disable_unref(s->io);
        sd_event_unref(s->event);
        safe_close(s->fd);
        free(s->pending);
        return mfree(s);
}

void stream_sink_write(StreamSink *s, const uint8_t *data, size_t n)
{
        if (s->dead || s->ends || n == 0)
                return;
        if (ARRAY_GROW(s->pending, s->allocated, s->n, n) < 0) {
                close_sink(s);
                return;
        }
        memcpy(s->pending + s->n, data, n);
        s->n += n;
        sink_step(s);
}

void stream_sink_end(StreamSink *s)
{
        if (s->is_terminal)
                stream_sink_write(s, &(uint8_t) { END_OF_INPUT }, 1);
        s->ends = true;
        if (!s->dead)
                sink_step(s);
}

/* To the client */

struct StreamSource {
        StreamConnection *connection;
        StreamChannel *channel;
        sd_event_source *io;
        int fd;
        void (*at_end)(void *userdata);
        void *userdata;
        bool expects_end;
};

static void source_end(StreamSource *s)
{
        if (!s->io)
                return;
        s->io = sd_event_source_disable_unref(s->io);
        s->at_end(s->userdata);
}

/* False: there is nothing now, or nothing more. */
static bool read_source(StreamSource *s)
{
        uint8_t buffer[READ_MAX];
        ssize_t n = read(s->fd, buffer, sizeof(buffer));

        if (n > 0)
                stream_send(s->connection, s->channel, buffer, (size_t) n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR) || (errno == EAGAIN && s->expects_end))
                source_end(s); /* EIO: a terminal whose other side is not open */
        return n > 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        StreamSource *s = userdata;

        if (stream_has_room(s->connection))
                (void) read_source(s);
        else
                (void) sd_event_source_set_enabled(s->io, SD_EVENT_OFF);
        return 0;
}

int stream_source_new(sd_event *event, StreamConnection *connection, StreamChannel *channel, int fd,
                      void (*at_end)(void *userdata), void *userdata, StreamSource **ret)
{
        _cleanup_(stream_source_freep) StreamSource *s = new0(StreamSource, 1);
        int r;

        if (!s) {
                safe_close(fd);
                return -ENOMEM;
        }
        s->connection = connection;
        s->channel = channel;
        s->fd = fd;
        s->at_end = at_end;
        s->userdata = userdata;
        if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = sd_event_add_io(event, &s->io, fd, EPOLLIN, on_readable, s);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

StreamSource *stream_source_free(StreamSource *s)
{
        if (!s)
                return NULL;
        sd_event_source_disable_unref(s->io);
        safe_close(s->fd);
        return mfree(s);
}

void stream_source_resume(StreamSource *s)
{
        if (!s->io)
                return;
        if (s->expects_end)
                stream_source_expect_end(s);
        else
                (void) sd_event_source_set_enabled(s->io, SD_EVENT_ON);
}

void stream_source_expect_end(StreamSource *s)
{
        s->expects_end = true;
        while (s->io && stream_has_room(s->connection) && read_source(s))
                ;
}
