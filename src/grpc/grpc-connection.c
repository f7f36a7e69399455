/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "grpc/grpc-server-internal.h"

#define HEADERS_MAX (16U * 1024)

/* Frames that arrive */

static GrpcCall *call_of(nghttp2_session *session, int32_t stream)
{
        return nghttp2_session_get_stream_user_data(session, stream);
}

static int refuse(nghttp2_session *session, int32_t stream, uint32_t error)
{
        return nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, stream, error) < 0 ? NGHTTP2_ERR_CALLBACK_FAILURE
                                                                                        : 0;
}

static int on_headers_begin(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        GrpcConnection *c = userdata;
        GrpcCall *call;

        if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
                return 0;
        if (c->n_calls >= GRPC_CALLS_MAX || grpc_call_new(c, frame->hd.stream_id, &call) < 0)
                return refuse(session, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
        return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, call);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t n_name,
                     const uint8_t *value, size_t n_value, uint8_t flags, void *userdata)
{
        GrpcCall *call = call_of(session, frame->hd.stream_id);
        int r = call ? grpc_call_add_header(call, (const char *) name, n_name, (const char *) value, n_value) : 0;

        return r < 0 ? refuse(session, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR) : 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n,
                   void *userdata)
{
        GrpcCall *call = call_of(session, stream);
        int r = call && !call->ended ? grpc_call_add_data(call, data, n) : 0;

        if (r == -EMSGSIZE)
                grpc_call_end(call, GRPC_RESOURCE_EXHAUSTED, "the request is too large");
        return r == -ENOMEM ? refuse(session, stream, NGHTTP2_INTERNAL_ERROR) : 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *userdata)
{
        GrpcCall *call = frame->hd.stream_id > 0 ? call_of(session, frame->hd.stream_id) : NULL;

        if (!call || call->began || call->ended)
                return 0;
        if (frame->hd.type == NGHTTP2_HEADERS && (!call->is_grpc || !call->is_post))
                return refuse(session, frame->hd.stream_id, NGHTTP2_PROTOCOL_ERROR);
        if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) &&
            (frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
                grpc_call_begin(call);
        return 0;
}

static int on_stream_close(nghttp2_session *session, int32_t stream, uint32_t error, void *userdata)
{
        GrpcCall *call = call_of(session, stream);

        if (call)
                grpc_call_close(call);
        return 0;
}

static int make_session(GrpcConnection *c)
{
        static const nghttp2_settings_entry settings[] = {
                { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, GRPC_CALLS_MAX },
                { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, HEADERS_MAX },
        };
        nghttp2_session_callbacks *callbacks;
        nghttp2_option *options;
        int r;

        if (nghttp2_session_callbacks_new(&callbacks) < 0)
                return -ENOMEM;
        if (nghttp2_option_new(&options) < 0)
                return nghttp2_session_callbacks_del(callbacks), -ENOMEM;
        /* What a call needs is looked for when its headers are there. libnghttp2 would also turn away those whose
         * ":authority" is no host's, as of older clients of gRPC, and so of kubelets: it is the path of the socket. */
        nghttp2_option_set_no_http_messaging(options, 1);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_headers_begin);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_stream_close);
        r = nghttp2_session_server_new2(&c->session, callbacks, c, options);
        nghttp2_option_del(options);
        nghttp2_session_callbacks_del(callbacks);
        return r < 0 || nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, ELEMENTSOF(settings)) < 0
                       ? -ENOMEM
                       : 0;
}

/* Bytes */

/* 1: the socket takes no more for now. */
static int write_pending(GrpcConnection *c)
{
        while (c->n_pending > 0) {
                ssize_t n = send(c->fd, c->pending, c->n_pending, MSG_NOSIGNAL | MSG_DONTWAIT);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return errno == EAGAIN ? 1 : -errno;
                c->pending += n;
                c->n_pending -= (size_t) n;
        }
        return 0;
}

static int write_all_frames(GrpcConnection *c)
{
        for (;;) {
                ssize_t n;
                int r = write_pending(c);

                if (r != 0)
                        return r;
                n = nghttp2_session_mem_send(c->session, &c->pending);
                if (n <= 0)
                        return n < 0 ? -EIO : 0;
                c->n_pending = (size_t) n;
        }
}

int grpc_connection_flush(GrpcConnection *c)
{
        int r = write_all_frames(c);

        if (r == 0 && !nghttp2_session_want_read(c->session) && !nghttp2_session_want_write(c->session))
                r = -ENOTCONN;
        if (r >= 0)
                r = sd_event_source_set_io_events(c->source, EPOLLIN | (r > 0 ? EPOLLOUT : 0));
        if (r < 0)
                grpc_connection_free(c);
        return r;
}

void grpc_connection_wake(GrpcConnection *c)
{
        (void) sd_event_source_set_io_events(c->source, EPOLLIN | EPOLLOUT);
}

/* -ENOTCONN: the client has gone. */
static int read_some(GrpcConnection *c)
{
        uint8_t bytes[16384];
        ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0)
                return -ENOTCONN;
        return nghttp2_session_mem_recv(c->session, bytes, (size_t) n) < 0 ? -EBADMSG : 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        GrpcConnection *c = userdata;
        int r = events & (EPOLLIN | EPOLLHUP | EPOLLERR) ? read_some(c) : 0;

        if (r == -EBADMSG)
                (void) write_all_frames(c); /* which says why */
        if (r < 0)
                grpc_connection_free(c);
        else
                (void) grpc_connection_flush(c);
        return 0;
}

int grpc_connection_new(GrpcServer *s, int fd)
{
        GrpcConnection *c = new0(GrpcConnection, 1);
        int r;

        if (!c) {
                safe_close(fd);
                return -ENOMEM;
        }
        *c = (GrpcConnection) { .server = s, .next = s->connections, .fd = fd };
        s->connections = c;
        s->n_connections++;
        r = make_session(c);
        if (r >= 0)
                r = sd_event_add_io(s->event, &c->source, fd, EPOLLIN | EPOLLOUT, on_io, c);
        if (r < 0)
                grpc_connection_free(c);
        return r;
}

void grpc_connection_free(GrpcConnection *c)
{
        while (c->calls)
                grpc_call_close(c->calls);
        grpc_server_forget(c->server, c);
        sd_event_source_disable_unref(c->source);
        nghttp2_session_del(c->session);
        safe_close(c->fd);
        free(c);
}
