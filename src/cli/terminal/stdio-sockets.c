/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/unix-socket.h"
#include "cli/terminal/pump.h"
#include "cli/terminal/stdio-sockets.h"

typedef struct Stream {
        const char *name;
        int our_fd;
        int listen_fd;
        int fd; /* the app's connection */
        sd_event_source *incoming;
        Pump *pump;
} Stream;

enum { STREAM_IN, STREAM_OUT, STREAM_ERROR, _STREAM_MAX };

struct StdioSockets {
        Stream streams[_STREAM_MAX];
};

static void on_end_of_input(void *userdata)
{
        Stream *stream = userdata;

        (void) shutdown(stream->fd, SHUT_WR);
}

/* The first connection is the app's. Later ones are those of the commands that systemd runs after it, which neither
 * read nor write; accepting and closing them is all there is to do. */
static int on_connection(sd_event_source *source, int listen_fd, uint32_t events, void *userdata)
{
        Stream *stream = userdata;
        bool is_input = stream->our_fd == STDIN_FILENO;
        int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), r;

        if (fd < 0)
                return 0;
        if (stream->fd >= 0) {
                safe_close(fd);
                return 0;
        }

        stream->fd = fd;
        r = is_input ? pump_new(sd_event_source_get_event(source), stream->our_fd, fd, on_end_of_input, stream,
                                &stream->pump)
                     : pump_new(sd_event_source_get_event(source), fd, stream->our_fd, NULL, NULL, &stream->pump);
        return r < 0 ? r : pump_enable(stream->pump);
}

static int open_stream(sd_event *event, Stream *stream, int directory)
{
        stream->listen_fd = unix_listen_at(directory, stream->name, SOCK_STREAM | SOCK_NONBLOCK);
        if (stream->listen_fd < 0)
                return stream->listen_fd;
        return sd_event_add_io(event, &stream->incoming, stream->listen_fd, EPOLLIN, on_connection, stream);
}

int stdio_sockets_new(sd_event *event, const Pod *pod, StdioSockets **ret)
{
        static const char *const names[_STREAM_MAX] = { "in", "out", "err" };
        _cleanup_(stdio_sockets_freep) StdioSockets *s = new0(StdioSockets, 1);
        _cleanup_close_ int directory = mkdir_open_at(pod->fd, "stdio", 0755);
        int r;

        if (directory < 0)
                return directory;
        if (!s)
                return -ENOMEM;

        for (int i = 0; i < _STREAM_MAX; i++)
                s->streams[i] = (Stream) { .name = names[i], .our_fd = i, .listen_fd = -EBADF, .fd = -EBADF };
        for (int i = 0; i < _STREAM_MAX; i++) {
                r = open_stream(event, &s->streams[i], directory);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(s);
        return 0;
}

StdioSockets *stdio_sockets_free(StdioSockets *s)
{
        if (!s)
                return NULL;

        for (int i = 0; i < _STREAM_MAX; i++) {
                Stream *stream = &s->streams[i];

                if (stream->pump && i != STREAM_IN)
                        pump_drain(stream->pump);
                pump_free(stream->pump);
                sd_event_source_disable_unref(stream->incoming);
                safe_close(stream->listen_fd);
                safe_close(stream->fd);
        }
        return mfree(s);
}
