/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <netinet/in.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "cli/context.h"
#include "streaming/stream-relay.h"
#include "streaming/stream-session.h"

/* Connections at a time; further ones are refused. */
#define PAIRS_MAX 256U

typedef struct Forward Forward;

/* Two channels of the client, and a connection in the pod. */
typedef struct Pair {
        Forward *forward;
        uint32_t request;
        StreamChannel *data, *error;
        sd_event_source *connecting;
        int fd; /* until it is connected */
        bool on_ipv6;
        StreamSink *sink;
        StreamSource *source;
        bool source_ended, theirs_ended;
        struct Pair *next;
} Pair;

struct Forward {
        sd_event *event;
        const StreamProtocol *protocol;
        StreamConnection *connection;
        char *failure; /* nothing can be forwarded */
        Pair *pairs;
        unsigned n;
};

static void pair_free(Pair *p)
{
        sd_event_source_disable_unref(p->connecting);
        safe_close(p->fd);
        stream_sink_free(p->sink);
        stream_source_free(p->source);
        free(p);
}

static void forward_done(Forward *f)
{
        while (f->pairs) {
                Pair *p = f->pairs;

                f->pairs = p->next;
                pair_free(p);
        }
        stream_connection_free(f->connection);
        sd_event_unref(f->event);
        free(f->failure);
}

static void close_pair(Pair *p)
{
        Forward *f = p->forward;

        for (Pair **at = &f->pairs; *at; at = &(*at)->next)
                if (*at == p) {
                        *at = p->next;
                        break;
                }
        f->n--;
        if (p->data)
                stream_close(f->connection, p->data);
        if (p->error)
                stream_close(f->connection, p->error);
        pair_free(p);
        if (f->n == 0 && f->protocol->carrier->is_fixed)
                stream_finish(f->connection);
}

static void fail_pair(Pair *p, const char *text)
{
        stream_send(p->forward->connection, p->error, (const uint8_t *) text, strlen(text));
        close_pair(p);
}

static void fail_port(Pair *p, int r)
{
        _cleanup_free_ char *text = strprintf("cannot connect to port %u of the pod: %s", p->data->port, strerror(-r));

        fail_pair(p, text ?: "out of memory");
}

/* Connecting */

static void close_if_over(Pair *p)
{
        if (p->source_ended && (p->theirs_ended || p->forward->protocol->carrier->is_fixed))
                close_pair(p);
}

static void on_source_end(void *userdata)
{
        Pair *p = userdata;

        p->source_ended = true;
        stream_end(p->forward->connection, p->data);
        close_if_over(p);
}

static int on_connected(Pair *p)
{
        Forward *f = p->forward;
        int other = fcntl(p->fd, F_DUPFD_CLOEXEC, 0), r;

        if (other < 0)
                return -errno;
        p->connecting = sd_event_source_disable_unref(p->connecting);
        r = stream_source_new(f->event, f->connection, p->data, other, on_source_end, p, &p->source);
        return r < 0 ? r : stream_sink_open(p->sink, TAKE_FD(p->fd));
}

static int try_connect(Pair *p);

static int on_answer(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Pair *p = userdata;
        int error = 0, r;

        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t) { sizeof(error) }) < 0)
                error = errno;
        r = error == 0 ? on_connected(p) : -error;
        if (r == -ECONNREFUSED && !p->on_ipv6) {
                p->on_ipv6 = true;
                r = try_connect(p);
        }
        if (r < 0)
                fail_port(p, r);
        return 0;
}

static int try_connect(Pair *p)
{
        union {
                struct sockaddr header;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } address = {};
        socklen_t n = p->on_ipv6 ? sizeof(address.v6) : sizeof(address.v4);

        if (p->on_ipv6)
                address.v6 = (struct sockaddr_in6) { .sin6_family = AF_INET6, .sin6_port = htons(p->data->port),
                                                     .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        else
                address.v4 = (struct sockaddr_in) { .sin_family = AF_INET, .sin_port = htons(p->data->port),
                                                    .sin_addr = { htonl(INADDR_LOOPBACK) } };
        p->connecting = sd_event_source_disable_unref(p->connecting);
        safe_close(p->fd);
        p->fd = socket(address.header.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (p->fd < 0)
                return -errno;
        /* Refused at once is seen in the same way as refused later. */
        if (connect(p->fd, &address.header, n) < 0 && errno != EINPROGRESS && errno != ECONNREFUSED)
                return -errno;
        return sd_event_add_io(p->forward->event, &p->connecting, p->fd, EPOLLOUT, on_answer, p);
}

static void start_pair(Pair *p)
{
        int r;

        if (p->forward->failure) {
                fail_pair(p, p->forward->failure);
                return;
        }
        r = stream_sink_new(p->forward->event, p->forward->connection, false, &p->sink);
        if (r >= 0)
                r = try_connect(p);
        if (r < 0)
                fail_port(p, r);
}

/* The client */

static Pair *find_pair(const Forward *f, uint32_t request)
{
        for (Pair *p = f->pairs; p; p = p->next)
                if (p->request == request)
                        return p;
        return NULL;
}

static Pair *new_pair(Forward *f, uint32_t request)
{
        Pair *p = f->n < PAIRS_MAX ? new0(Pair, 1) : NULL;

        if (!p)
                return NULL;
        *p = (Pair) { .forward = f, .request = request, .fd = -EBADF, .next = f->pairs };
        f->pairs = p;
        f->n++;
        return p;
}

static int on_open(StreamChannel *channel, void *userdata)
{
        Forward *f = userdata;
        Pair *p = find_pair(f, channel->request) ?: new_pair(f, channel->request);
        StreamChannel **mine;

        if (!p)
                return -EBUSY;
        mine = channel->kind == STREAM_DATA ? &p->data : &p->error;
        if (*mine)
                return -EEXIST;
        *mine = channel;
        channel->userdata = p;
        if (p->data && p->error)
                start_pair(p);
        return 0;
}

static void on_data(StreamChannel *channel, const uint8_t *data, size_t n, void *userdata)
{
        Pair *p = channel->userdata;

        if (channel->kind == STREAM_DATA && p->sink)
                stream_sink_write(p->sink, data, n);
}

/* A client that wants nothing more resets the data, and then waits for the end of the other channel. */
static void on_end(StreamChannel *channel, bool reset, void *userdata)
{
        Pair *p = channel->userdata;

        if (channel->kind != STREAM_DATA)
                return;
        p->theirs_ended = true;
        if (p->sink)
                stream_sink_end(p->sink);
        if (reset)
                close_pair(p);
        else
                close_if_over(p);
}

static void on_room(void *userdata)
{
        const Forward *f = userdata;
        Pair *next;

        for (Pair *p = f->pairs; p; p = next) {
                next = p->next;
                if (p->source)
                        stream_source_resume(p->source);
        }
}

static void on_gone(void *userdata)
{
        const Forward *f = userdata;

        (void) sd_event_exit(f->event, 0);
}

/* The pod */

static int enter_network(Context *c, const char *name)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_close_ int ns = -EBADF;
        char path[64];
        pid_t leader;
        int r = context_find_pod(c, name, &pod);

        if (r < 0)
                return r;
        r = pod_leader_pid(pod, &leader);
        if (r < 0)
                return log_error_errno(r, "Pod '%s' is not running", name);
        (void) snprintf(path, sizeof(path), "/proc/%i/ns/net", leader);
        ns = open(path, O_RDONLY | O_CLOEXEC);
        if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
                return log_error_errno(errno, "Cannot enter the network of pod '%s': %m", name);
        return 0;
}

static char *try_to_enter(const char *pod)
{
        Context context = {};
        char *failure = NULL;

        if (enter_network(&context, pod) < 0)
                failure = strdup(log_last_error() ?: "the pod's network cannot be entered");
        context_done(&context);
        return failure;
}

int stream_forward_run(int fd, const StreamProtocol *protocol, const StreamRequest *request, const void *early,
                       size_t n_early)
{
        _cleanup_(forward_done) Forward f = { .protocol = protocol, .failure = try_to_enter(request->pod) };
        int r = sd_event_new(&f.event);

        if (r < 0) {
                safe_close(fd);
                return r;
        }
        r = stream_connection_new(f.event, fd, protocol, request,
                                  &(StreamEvents) { on_open, on_data, on_end, on_room, on_gone }, &f, &f.connection);
        if (r >= 0)
                r = stream_connection_start(f.connection, early, n_early);
        return r < 0 ? r : sd_event_loop(f.event);
}
