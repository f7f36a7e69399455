/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <nghttp2/nghttp2.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "grpc/grpc-server.h"

/* Server and client in one thread: the client's bytes are moved between turns of the event loop. */

typedef struct Answer {
        int32_t stream;
        uint8_t *data;
        size_t n;
        char status[8];
        char message[128];
        bool closed;
        uint32_t error;
} Answer;

typedef struct Bench {
        sd_event *event;
        GrpcServer *server;
        int fd; /* the client's */
        nghttp2_session *session;
        Answer answers[8];
        size_t n_answers;
        GrpcCall *kept; /* by the method that does not answer */
        unsigned cancelled, rooms;
} Bench;

static void echo(GrpcCall *call, const GrpcMethod *method, const uint8_t *request, size_t n, void *userdata)
{
        grpc_call_send(call, request, n);
        grpc_call_end(call, GRPC_OK, NULL);
}

/* As many bytes as the request says. */
static void many(GrpcCall *call, const GrpcMethod *method, const uint8_t *request, size_t n, void *userdata)
{
        _cleanup_free_ char *text = string_from_bytes((const char *) request, n), *bytes = NULL;
        size_t size = strtoul(text, NULL, 10);

        bytes = malloc(size + 1);
        memset(bytes, 'x', size);
        grpc_call_send(call, bytes, size);
        grpc_call_end(call, GRPC_OK, NULL);
}

static void fail(GrpcCall *call, const GrpcMethod *method, const uint8_t *request, size_t n, void *userdata)
{
        grpc_call_end(call, GRPC_NOT_FOUND, "no pod 'a%'");
}

static void on_cancelled(void *userdata)
{
        Bench *b = userdata;

        b->kept = NULL;
        b->cancelled++;
}

static void on_room(void *userdata)
{
        Bench *b = userdata;

        b->rooms++;
}

static void keep(GrpcCall *call, const GrpcMethod *method, const uint8_t *request, size_t n, void *userdata)
{
        Bench *b = userdata;

        b->kept = call;
        grpc_call_on_cancel(call, on_cancelled, b);
        grpc_call_on_room(call, on_room, b);
}

static const GrpcMethod *find(const char *path, void *userdata)
{
        static const GrpcMethod methods[] = {
                { "/t.T/Echo", echo }, { "/t.T/Many", many }, { "/t.T/Fail", fail }, { "/t.T/Keep", keep },
        };

        for (size_t i = 0; i < ELEMENTSOF(methods); i++)
                if (streq(methods[i].path, path))
                        return &methods[i];
        return NULL;
}

static Answer *answer_of(Bench *b, int32_t stream)
{
        for (size_t i = 0; i < b->n_answers; i++)
                if (b->answers[i].stream == stream)
                        return &b->answers[i];
        cr_assert_fail("no stream %i", stream);
        return NULL;
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t n_name,
                     const uint8_t *value, size_t n_value, uint8_t flags, void *userdata)
{
        Answer *a = answer_of(userdata, frame->hd.stream_id);

        if (streq((const char *) name, "grpc-status"))
                (void) snprintf(a->status, sizeof(a->status), "%s", (const char *) value);
        if (streq((const char *) name, "grpc-message"))
                (void) snprintf(a->message, sizeof(a->message), "%s", (const char *) value);
        return 0;
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t stream, const uint8_t *data, size_t n,
                   void *userdata)
{
        Answer *a = answer_of(userdata, stream);

        a->data = realloc(a->data, a->n + n);
        memcpy(a->data + a->n, data, n);
        a->n += n;
        return 0;
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t error, void *userdata)
{
        Answer *a = answer_of(userdata, stream);

        a->closed = true;
        a->error = error;
        return 0;
}

static void bench_init(Bench *b, const GrpcService *service)
{
        union {
                struct sockaddr any;
                struct sockaddr_un un;
        } address = { .un = { .sun_family = AF_UNIX } };
        socklen_t length = sizeof(address);
        int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        nghttp2_session_callbacks *callbacks;

        cr_assert(sd_event_new(&b->event) >= 0);
        /* An abstract name that the kernel chooses (unix(7), "Autobind feature"). */
        cr_assert(bind(listening, &address.any, sizeof(sa_family_t)) == 0 && listen(listening, 5) == 0);
        cr_assert(getsockname(listening, &address.any, &length) == 0);
        cr_assert_eq(grpc_server_new(b->event, service, &b->server), 0);
        cr_assert_eq(grpc_server_add(b->server, listening), 0);
        b->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert(connect(b->fd, &address.any, length) == 0);
        cr_assert(nghttp2_session_callbacks_new(&callbacks) == 0);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
        cr_assert(nghttp2_session_client_new(&b->session, callbacks, b) == 0);
        nghttp2_session_callbacks_del(callbacks);
        cr_assert(nghttp2_submit_settings(b->session, NGHTTP2_FLAG_NONE, NULL, 0) == 0);
}

static void bench_done(Bench *b)
{
        for (size_t i = 0; i < b->n_answers; i++)
                free(b->answers[i].data);
        nghttp2_session_del(b->session);
        safe_close(b->fd);
        grpc_server_free(b->server);
        sd_event_unref(b->event);
}

/* One turn of both sides. */
static void turn(Bench *b)
{
        const uint8_t *out;
        uint8_t in[65536];
        ssize_t n;

        while ((n = nghttp2_session_mem_send(b->session, &out)) > 0)
                cr_assert_eq(send(b->fd, out, (size_t) n, MSG_NOSIGNAL), n);
        while (sd_event_run(b->event, 0) > 0)
                ;
        while ((n = recv(b->fd, in, sizeof(in), MSG_DONTWAIT)) > 0)
                cr_assert(nghttp2_session_mem_recv(b->session, in, (size_t) n) >= 0);
}

static ssize_t read_request(nghttp2_session *session, int32_t stream, uint8_t *to, size_t room, uint32_t *flags,
                            nghttp2_data_source *source, void *userdata)
{
        struct iovec *left = source->ptr;
        size_t n = MIN(left->iov_len, room);

        memcpy(to, left->iov_base, n);
        left->iov_base = (uint8_t *) left->iov_base + n;
        left->iov_len -= n;
        if (left->iov_len == 0)
                *flags |= NGHTTP2_DATA_FLAG_EOF;
        return (ssize_t) n;
}

#define NV(n, v) { (uint8_t *) (n), (uint8_t *) (v), strlen(n), strlen(v), 0 }

/* The body must stay until the call has ended. The authority is what older clients make of the path of a socket. */
static Answer *call_raw(Bench *b, const char *path, const char *timeout, struct iovec *body)
{
        const nghttp2_nv headers[] = {
                NV(":method", "POST"), NV(":scheme", "http"), NV(":path", path),
                NV(":authority", "/run/podctl/cri.sock"), NV("content-type", "application/grpc"), NV("te", "trailers"),
                NV("grpc-timeout", strempty(timeout)),
        };
        const nghttp2_data_provider provider = { .source.ptr = body, .read_callback = read_request };
        Answer *a = &b->answers[b->n_answers++];

        a->stream = nghttp2_submit_request(b->session, NULL, headers, ELEMENTSOF(headers) - (timeout ? 0 : 1),
                                           &provider, NULL);
        cr_assert(a->stream > 0);
        return a;
}

static Answer *call(Bench *b, const char *path, const char *text, size_t n)
{
        static uint8_t bytes[GRPC_MESSAGE_MAX + 100];
        static struct iovec body;
        Answer *a;

        grpc_prefix_write(bytes, n);
        memcpy(bytes + GRPC_PREFIX_SIZE, text, n);
        body = (struct iovec) { bytes, n + GRPC_PREFIX_SIZE };
        a = call_raw(b, path, NULL, &body);
        for (int i = 0; i < 10000 && !a->closed; i++)
                turn(b);
        cr_assert(a->closed);
        return a;
}

Test(grpc_server, answers)
{
        Bench b = {};
        const GrpcService service = { find, &b };
        static char large[200000];
        Answer *a;

        bench_init(&b, &service);
        a = call(&b, "/t.T/Echo", "hello", 5);
        cr_expect_str_eq(a->status, "0");
        cr_expect(a->n == 10 && memcmp(a->data, "\0\0\0\0\5hello", 10) == 0);
        a = call(&b, "/t.T/Echo", "", 0);
        cr_expect(a->n == 5 && memcmp(a->data, "\0\0\0\0\0", 5) == 0);
        /* More than the windows of both sides. */
        memset(large, 'y', sizeof(large));
        a = call(&b, "/t.T/Echo", large, sizeof(large));
        cr_expect(a->n == sizeof(large) + 5 && memcmp(a->data + 5, large, sizeof(large)) == 0);
        a = call(&b, "/t.T/Many", "5000000", 7);
        cr_expect_eq(a->n, 5000005);
        a = call(&b, "/t.T/Many", "16777217", 8);
        cr_expect_str_eq(a->status, "8");
        bench_done(&b);
}

Test(grpc_server, refuses)
{
        Bench b = {};
        const GrpcService service = { find, &b };
        static char large[GRPC_MESSAGE_MAX + 1];
        uint8_t cut[] = { 0, 0, 0, 0, 9, 'a' };
        struct iovec body = { cut, sizeof(cut) };
        Answer *a;

        bench_init(&b, &service);
        a = call(&b, "/t.T/None", "", 0);
        cr_expect_str_eq(a->status, "12");
        a = call(&b, "/t.T/Fail", "", 0);
        cr_expect_str_eq(a->status, "5");
        cr_expect_str_eq(a->message, "no pod 'a%25'");
        a = call_raw(&b, "/t.T/Echo", NULL, &body);
        for (int i = 0; i < 100 && !a->closed; i++)
                turn(&b);
        cr_expect_str_eq(a->status, "13");
        a = call_raw(&b, "/t.T/Echo", "soon", &(struct iovec) { cut, 0 });
        for (int i = 0; i < 100 && !a->closed; i++)
                turn(&b);
        cr_expect_eq(a->error, NGHTTP2_PROTOCOL_ERROR);
        /* Larger than a message may be; the connection goes on. */
        a = call(&b, "/t.T/Echo", large, sizeof(large));
        cr_expect_str_eq(a->status, "8");
        a = call(&b, "/t.T/Echo", "x", 1);
        cr_expect_str_eq(a->status, "0");
        bench_done(&b);
}

Test(grpc_server, ends_of_calls)
{
        Bench b = {};
        const GrpcService service = { find, &b };
        uint8_t empty[GRPC_PREFIX_SIZE] = {};
        struct iovec one = { empty, sizeof(empty) }, two = one, three = one;
        Answer *a;

        bench_init(&b, &service);
        /* By the client. */
        a = call_raw(&b, "/t.T/Keep", NULL, &one);
        turn(&b);
        cr_assert(b.kept);
        cr_assert_eq(nghttp2_submit_rst_stream(b.session, NGHTTP2_FLAG_NONE, a->stream, NGHTTP2_CANCEL), 0);
        turn(&b);
        turn(&b);
        cr_expect_eq(b.cancelled, 1);
        /* By its time. */
        a = call_raw(&b, "/t.T/Keep", "1m", &two);
        for (int i = 0; i < 1000 && !a->closed; i++) {
                turn(&b);
                (void) usleep(1000);
        }
        cr_expect_str_eq(a->status, "4");
        cr_expect_eq(b.cancelled, 2);
        /* Late, and not at all. */
        a = call_raw(&b, "/t.T/Keep", NULL, &three);
        turn(&b);
        cr_assert(b.kept);
        grpc_call_send(b.kept, "late", 4);
        turn(&b);
        cr_expect_eq(a->n, 9);
        grpc_call_end(b.kept, GRPC_OK, NULL);
        turn(&b);
        cr_expect(a->closed && streq(a->status, "0"));
        cr_expect_eq(b.cancelled, 2);
        bench_done(&b);
}

/* Its owner hears when a client has taken what there was, and goes on then. */
Test(grpc_server, streams)
{
        Bench b = {};
        const GrpcService service = { find, &b };
        uint8_t empty[GRPC_PREFIX_SIZE] = {};
        struct iovec body = { empty, sizeof(empty) };
        static char large[GRPC_MESSAGE_MAX + 1];
        Answer *a;

        bench_init(&b, &service);
        a = call_raw(&b, "/t.T/Keep", NULL, &body);
        turn(&b);
        cr_assert(b.kept);
        /* More than the windows of both sides. */
        grpc_call_send(b.kept, large, 200000);
        cr_expect_geq(grpc_call_backlog(b.kept), 200000);
        cr_expect_eq(b.rooms, 0);
        for (int i = 0; i < 1000 && a->n < 200005; i++)
                turn(&b);
        cr_expect_eq(b.rooms, 1);
        cr_expect_eq(grpc_call_backlog(b.kept), 0);
        grpc_call_send(b.kept, large, 1);
        for (int i = 0; i < 1000 && a->n < 200011; i++)
                turn(&b);
        cr_expect_eq(b.rooms, 2);
        /* What cannot be sent ends the call, and its owner hears it. */
        grpc_call_send(b.kept, large, sizeof(large));
        cr_expect_eq(b.cancelled, 1);
        for (int i = 0; i < 1000 && !a->closed; i++)
                turn(&b);
        cr_expect_str_eq(a->status, "8");
        cr_expect_eq(a->n, 200011);
        bench_done(&b);
}

/* With calls that nobody has answered. */
Test(grpc_server, client_goes)
{
        Bench b = {};
        const GrpcService service = { find, &b };
        uint8_t empty[GRPC_PREFIX_SIZE] = {};
        struct iovec body = { empty, sizeof(empty) };

        bench_init(&b, &service);
        (void) call_raw(&b, "/t.T/Keep", NULL, &body);
        turn(&b);
        cr_expect(b.kept && grpc_server_is_busy(b.server));
        cr_assert_eq(shutdown(b.fd, SHUT_RDWR), 0);
        while (sd_event_run(b.event, 0) > 0)
                ;
        cr_expect_eq(b.cancelled, 1);
        cr_expect(!grpc_server_is_busy(b.server));
        bench_done(&b);
}
