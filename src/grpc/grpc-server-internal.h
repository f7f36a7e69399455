/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <nghttp2/nghttp2.h>

#include "basic/alloc.h"
#include "grpc/grpc-server.h"

/* grpc-server.c listens, grpc-connection.c is one client, grpc-call.c is one request of it. */

#define GRPC_CONNECTIONS_MAX 1024U
#define GRPC_CALLS_MAX 128U /* of a connection */
/* Of all requests of a connection that are there or on their way. */
#define GRPC_REQUESTS_MAX (2U * GRPC_MESSAGE_MAX)

typedef struct GrpcConnection GrpcConnection;

/* Bytes in the order in which they are sent. */
typedef struct GrpcBuffer {
        uint8_t *data;
        size_t n, taken, allocated;
} GrpcBuffer;

struct GrpcCall {
        GrpcConnection *connection; /* NULL: the client does not wait any more */
        GrpcCall *next;
        int32_t stream;
        char *path;
        bool is_grpc;           /* its content type, "application/grpc…" */
        bool is_post;
        uint64_t timeout_usec;  /* UINT64_MAX: none */
        sd_event_source *timer;
        GrpcBuffer request;
        GrpcBuffer answer;
        bool began;             /* its method has it */
        bool answered;          /* the headers of the answer are sent */
        bool ended;
        GrpcCode code;
        char *text;
        void (*cancelled)(void *userdata);
        void *cancelled_userdata;
        void (*room)(void *userdata);
        void *room_userdata;
};

struct GrpcConnection {
        GrpcServer *server;
        GrpcConnection *next;
        int fd;
        sd_event_source *source;
        nghttp2_session *session;
        GrpcCall *calls;
        size_t n_calls;
        size_t request_bytes;
        const uint8_t *pending; /* what nghttp2 has given out and the socket has not taken */
        size_t n_pending;
};

struct GrpcServer {
        sd_event *event;
        const GrpcService *service;
        sd_event_source **sources;
        size_t n_sources;
        GrpcConnection *connections;
        size_t n_connections;
};

/* Takes over the fd, also on failure. */
int grpc_connection_new(GrpcServer *s, int fd);
/* Its calls are cancelled. */
void grpc_connection_free(GrpcConnection *c);
/* Writes what there is to write. Frees the connection when that fails or all is over: negative then. */
int grpc_connection_flush(GrpcConnection *c);
/* The same, later: what has called us is not done with the connection. */
void grpc_connection_wake(GrpcConnection *c);
void grpc_server_forget(GrpcServer *s, GrpcConnection *c);

int grpc_call_new(GrpcConnection *c, int32_t stream, GrpcCall **ret);
/* Releases a call whose stream has ended; one whose method still has it is cancelled. */
void grpc_call_close(GrpcCall *call);
int grpc_call_add_header(GrpcCall *call, const char *name, size_t n_name, const char *value, size_t n_value);
/* -EMSGSIZE: it is too large. */
int grpc_call_add_data(GrpcCall *call, const uint8_t *data, size_t n);
/* The request is complete. */
void grpc_call_begin(GrpcCall *call);

int grpc_buffer_add(GrpcBuffer *b, const void *data, size_t n);
void grpc_buffer_done(GrpcBuffer *b);
static inline size_t grpc_buffer_left(const GrpcBuffer *b)
{
        return b->n - b->taken;
}
