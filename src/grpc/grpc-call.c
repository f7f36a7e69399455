/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/string-util.h"
#include "grpc/grpc-server-internal.h"

/* Buffers */

int grpc_buffer_add(GrpcBuffer *b, const void *data, size_t n)
{
        if (b->taken > 0 && b->taken == b->n)
                b->n = b->taken = 0;
        if (ARRAY_GROW(b->data, b->allocated, b->n, n) < 0)
                return -ENOMEM;
        if (n > 0)
                memcpy(b->data + b->n, data, n);
        b->n += n;
        return 0;
}

void grpc_buffer_done(GrpcBuffer *b)
{
        free(b->data);
        *b = (GrpcBuffer) {};
}

/* Calls */

int grpc_call_new(GrpcConnection *c, int32_t stream, GrpcCall **ret)
{
        GrpcCall *call = new0(GrpcCall, 1);

        if (!call)
                return -ENOMEM;
        *call = (GrpcCall) { .connection = c, .next = c->calls, .stream = stream, .timeout_usec = UINT64_MAX };
        c->calls = call;
        c->n_calls++;
        *ret = call;
        return 0;
}

static void call_free(GrpcCall *call)
{
        sd_event_source_disable_unref(call->timer);
        grpc_buffer_done(&call->request);
        grpc_buffer_done(&call->answer);
        free(call->path);
        free(call->text);
        free(call);
}

static void unlink_from_connection(GrpcCall *call)
{
        GrpcConnection *c = call->connection;
        GrpcCall **place = &c->calls;

        while (*place != call)
                place = &(*place)->next;
        *place = call->next;
        c->n_calls--;
        c->request_bytes -= call->request.n;
        call->connection = NULL;
}

void grpc_call_close(GrpcCall *call)
{
        unlink_from_connection(call);
        if (call->began && !call->ended && call->cancelled)
                call->cancelled(call->cancelled_userdata);
        call_free(call);
}

int grpc_call_add_header(GrpcCall *call, const char *name, size_t n_name, const char *value, size_t n_value)
{
        static const char type[] = "application/grpc";

        if (n_name == 5 && memcmp(name, ":path", 5) == 0) {
                free(call->path);
                call->path = strndup(value, n_value);
                return call->path ? 0 : -ENOMEM;
        }
        if (n_name == 7 && memcmp(name, ":method", 7) == 0)
                call->is_post = n_value == 4 && memcmp(value, "POST", 4) == 0;
        if (n_name == 12 && memcmp(name, "content-type", 12) == 0)
                call->is_grpc = n_value >= strlen(type) && memcmp(value, type, strlen(type)) == 0 &&
                                (n_value == strlen(type) || value[strlen(type)] == '+' || value[strlen(type)] == ';');
        if (n_name == 12 && memcmp(name, "grpc-timeout", 12) == 0)
                return grpc_timeout_parse(value, n_value, &call->timeout_usec) == -EINVAL ? -EBADMSG : 0;
        return 0;
}

int grpc_call_add_data(GrpcCall *call, const uint8_t *data, size_t n)
{
        GrpcConnection *c = call->connection;

        if (n > GRPC_MESSAGE_MAX + GRPC_PREFIX_SIZE - MIN(call->request.n, GRPC_MESSAGE_MAX + GRPC_PREFIX_SIZE) ||
            n > GRPC_REQUESTS_MAX - MIN(c->request_bytes, GRPC_REQUESTS_MAX))
                return -EMSGSIZE;
        if (grpc_buffer_add(&call->request, data, n) < 0)
                return -ENOMEM;
        c->request_bytes += n;
        return 0;
}

/* The answer */

static ssize_t read_answer(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room, uint32_t *flags,
                           nghttp2_data_source *source, void *userdata)
{
        GrpcCall *call = source->ptr;
        size_t n = MIN(grpc_buffer_left(&call->answer), room);
        _cleanup_free_ char *code = NULL, *text = NULL;

        if (n > 0)
                memcpy(to, call->answer.data + call->answer.taken, n);
        call->answer.taken += n;
        if (grpc_buffer_left(&call->answer) > 0)
                return (ssize_t) n;
        if (n > 0 && call->room && !call->ended)
                call->room(call->room_userdata);
        if (!call->ended)
                return n > 0 ? (ssize_t) n : NGHTTP2_ERR_DEFERRED;
        *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
        code = strprintf("%i", call->code);
        text = grpc_text_escape(strempty(call->text));
        if (!code || !text)
                return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
        const nghttp2_nv trailers[] = {
                { (uint8_t *) "grpc-status", (uint8_t *) code, 11, strlen(code), 0 },
                { (uint8_t *) "grpc-message", (uint8_t *) text, 12, strlen(text), 0 },
        };
        return nghttp2_submit_trailer(session, stream, trailers, call->text ? 2 : 1) < 0
                       ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE
                       : (ssize_t) n;
}

static void answer(GrpcCall *call)
{
        static const nghttp2_nv headers[] = {
                { (uint8_t *) ":status", (uint8_t *) "200", 7, 3, 0 },
                { (uint8_t *) "content-type", (uint8_t *) "application/grpc", 12, 16, 0 },
        };
        const nghttp2_data_provider provider = { .source.ptr = call, .read_callback = read_answer };
        GrpcConnection *c = call->connection;
        int r;

        if (call->answered)
                r = nghttp2_session_resume_data(c->session, call->stream);
        else
                r = nghttp2_submit_response(c->session, call->stream, headers, ELEMENTSOF(headers), &provider);
        call->answered = true;
        /* Data that was not deferred need not be resumed. */
        if (r < 0 && r != NGHTTP2_ERR_INVALID_ARGUMENT)
                (void) nghttp2_submit_rst_stream(c->session, NGHTTP2_FLAG_NONE, call->stream, NGHTTP2_INTERNAL_ERROR);
        grpc_connection_wake(c);
}

/* An end that the call's owner has not asked for. */
static void end_early(GrpcCall *call, GrpcCode code, const char *text)
{
        if (call->cancelled)
                call->cancelled(call->cancelled_userdata);
        call->cancelled = NULL;
        grpc_call_end(call, code, text);
}

void grpc_call_send(GrpcCall *call, const void *message, size_t n)
{
        uint8_t prefix[GRPC_PREFIX_SIZE];

        if (n > GRPC_MESSAGE_MAX)
                return end_early(call, GRPC_RESOURCE_EXHAUSTED, "the answer is larger than 16 MiB");
        grpc_prefix_write(prefix, n);
        if (grpc_buffer_add(&call->answer, prefix, sizeof(prefix)) < 0 ||
            grpc_buffer_add(&call->answer, message, n) < 0)
                return end_early(call, GRPC_RESOURCE_EXHAUSTED, "out of memory");
        answer(call);
}

void grpc_call_end(GrpcCall *call, GrpcCode code, const char *text)
{
        if (call->ended)
                return;
        call->ended = true;
        call->code = code;
        call->text = code != GRPC_OK && text ? strdup(text) : NULL;
        call->timer = sd_event_source_disable_unref(call->timer);
        answer(call);
}

void grpc_call_on_cancel(GrpcCall *call, void (*cancelled)(void *userdata), void *userdata)
{
        call->cancelled = cancelled;
        call->cancelled_userdata = userdata;
}

void grpc_call_on_room(GrpcCall *call, void (*room)(void *userdata), void *userdata)
{
        call->room = room;
        call->room_userdata = userdata;
}

size_t grpc_call_backlog(const GrpcCall *call)
{
        return grpc_buffer_left(&call->answer);
}

/* The request */

static int on_deadline(sd_event_source *source, uint64_t now, void *userdata)
{
        end_early(userdata, GRPC_DEADLINE_EXCEEDED, "the time of the call is over");
        return 0;
}

static int set_deadline(GrpcCall *call)
{
        if (call->timeout_usec == UINT64_MAX)
                return 0;
        return sd_event_add_time_relative(call->connection->server->event, &call->timer, CLOCK_MONOTONIC,
                                          call->timeout_usec, 0, on_deadline, call);
}

static const char *explain_request(GrpcCode code)
{
        return code == GRPC_UNIMPLEMENTED        ? "compressed messages are not supported"
               : code == GRPC_RESOURCE_EXHAUSTED ? "the request is larger than 16 MiB"
                                                 : "the request is not one whole message";
}

void grpc_call_begin(GrpcCall *call)
{
        const GrpcService *service = call->connection->server->service;
        const GrpcMethod *method = call->path ? service->find(call->path, service->userdata) : NULL;
        const uint8_t *request;
        size_t n;
        GrpcCode code = grpc_request_read(call->request.data, call->request.n, &request, &n);

        if (!method)
                return grpc_call_end(call, GRPC_UNIMPLEMENTED, "there is no such method");
        if (code != GRPC_OK)
                return grpc_call_end(call, code, explain_request(code));
        if (set_deadline(call) < 0)
                return grpc_call_end(call, GRPC_RESOURCE_EXHAUSTED, "out of memory");
        call->began = true;
        method->begin(call, method, request, n, service->userdata);
}
