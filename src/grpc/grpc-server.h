/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "grpc/grpc-message.h"

/* A server of gRPC: HTTP/2 without TLS, as on Unix sockets, by libnghttp2 and sd-event. One thread, and nothing waits:
 * a method begins a call and returns, and answers it then or later. Methods with one request each, and one answer or a
 * stream of them.
 *
 * A client that stalls holds back only itself: its calls keep their answers until it takes them, and it has a limited
 * number of calls. */

typedef struct GrpcServer GrpcServer;
typedef struct GrpcCall GrpcCall;

typedef struct GrpcMethod {
        const char *path; /* "/package.Service/Method" */
        /* The request is the call's, and stays as long as the call does. */
        void (*begin)(GrpcCall *call, const struct GrpcMethod *method, const uint8_t *request, size_t n,
                      void *userdata);
        const void *details; /* of the methods' owner */
} GrpcMethod;

/* find returns the method of a path, or NULL. */
typedef struct GrpcService {
        const GrpcMethod *(*find)(const char *path, void *userdata);
        void *userdata;
} GrpcService;

/* The service must outlive the server. */
int grpc_server_new(sd_event *event, const GrpcService *service, GrpcServer **ret);
GrpcServer *grpc_server_free(GrpcServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(GrpcServer *, grpc_server_free);
/* Takes over a listening socket, also on failure. */
int grpc_server_add(GrpcServer *s, int fd);
/* Whether somebody is connected. */
bool grpc_server_is_busy(const GrpcServer *s);

/* For the owner of a call, in this order: any number of answers (one, unless the method is a stream), and its end,
 * after which the call is gone. With GRPC_OK the text is not sent. An answer that is too large, and memory that runs
 * out, end the call as if it had been cancelled. */
void grpc_call_send(GrpcCall *call, const void *message, size_t n);
void grpc_call_end(GrpcCall *call, GrpcCode code, const char *text);
/* Called when the client has cancelled the call, has gone, or its time is over; the call is gone then. It may be called
 * from within grpc_call_send(). */
void grpc_call_on_cancel(GrpcCall *call, void (*cancelled)(void *userdata), void *userdata);
/* Bytes of answers that the client has not taken yet. */
size_t grpc_call_backlog(const GrpcCall *call);
/* Called whenever it has taken all of them, until the end of the call. Nothing of the call may be used there. */
void grpc_call_on_room(GrpcCall *call, void (*room)(void *userdata), void *userdata);
