/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/parse.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "metadata/metadata-clients.h"
#include "metadata/metadata-server.h"
#include "pod/registration.h"

#define SOCKETS_MAX 8
/* The limits of metadata-clients.h are reached first: at this one, the library would make new connections wait. */
#define CONNECTIONS_MAX (2 * CLIENTS_MAX)
#define SILENCE_SECONDS 5U
#define FIELDS_MAX 8

typedef struct Listener {
        MetadataService *service;
        struct MHD_Daemon *daemon;
        int epoll_fd; /* the daemon's */
        ClientTable *clients; /* the server's; NULL for the registrar, whose clients are not counted */
} Listener;

struct MetadataServer {
        MetadataService *service;
        ClientTable *clients;
        Listener listeners[SOCKETS_MAX];
        size_t n;
};

/* A request whose body is being received. */
typedef struct Exchange {
        struct MHD_PostProcessor *form;
        FormField fields[FIELDS_MAX];
        size_t n_fields;
        char *body;
        size_t n, allocated, max;
        bool bad; /* the body is too long, or its length is not a valid number */
} Exchange;

static Exchange *exchange_free(Exchange *e)
{
        if (!e)
                return NULL;
        if (e->form)
                (void) MHD_destroy_post_processor(e->form);
        for (size_t i = 0; i < e->n_fields; i++) {
                free((char *) e->fields[i].name);
                free((char *) e->fields[i].value);
        }
        free(e->body);
        return mfree(e);
}

/* Takes a piece of a field's value; a long value comes in several pieces. */
static enum MHD_Result on_field(void *userdata, enum MHD_ValueKind kind, const char *key, const char *filename,
                                const char *content_type, const char *transfer_encoding, const char *data,
                                uint64_t offset, size_t size)
{
        Exchange *e = userdata;
        FormField *f = e->n_fields > 0 ? &e->fields[e->n_fields - 1] : NULL;
        char *longer;

        /* The first piece of a field may be empty: the next one then begins at 0 as well. */
        if (!f || f->size != offset || (offset == 0 && (!key || !streq(f->name, key)))) {
                if (!key || e->n_fields == FIELDS_MAX)
                        return MHD_NO;
                f = &e->fields[e->n_fields];
                *f = (FormField) { .name = strdup(key) };
                if (!f->name)
                        return MHD_NO;
                e->n_fields++;
        }
        longer = realloc((char *) f->value, f->size + size + 1);
        if (!longer)
                return MHD_NO;
        memcpy(longer + f->size, strempty(data), size);
        f->value = longer;
        f->size += size;
        longer[f->size] = 0;
        return MHD_YES;
}

static Exchange *exchange_new(struct MHD_Connection *connection, const char *method)
{
        const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);
        Exchange *e = new0(Exchange, 1);
        uint64_t n;

        if (!e)
                return NULL;
        e->max = metadata_body_max(method);
        e->bad = length && (parse_uint64(length, &n) < 0 || n > e->max);
        if (streq(method, "POST") && !e->bad)
                e->form = MHD_create_post_processor(connection, 4096, on_field, e);
        return e;
}

/* False: the rest of the body need not be received. */
static bool exchange_take(Exchange *e, const char *data, size_t n)
{
        if (e->n + n > e->max)
                return false;
        e->n += n;
        if (e->form)
                return MHD_post_process(e->form, data, n) == MHD_YES;
        if (ARRAY_GROW(e->body, e->allocated, e->n - n, n + 1) < 0)
                return false;
        memcpy(e->body + e->n - n, data, n);
        e->body[e->n] = 0;
        return true;
}

static enum MHD_Result send_reply(struct MHD_Connection *connection, MetadataReply *reply)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(strlen(reply->body), reply->body,
                                                                        MHD_RESPMEM_MUST_FREE);
        enum MHD_Result result;

        if (!response) {
                free(reply->body);
                return MHD_NO;
        }
        (void) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->type);
        if (reply->allow)
                (void) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, reply->allow);
        result = MHD_queue_response(connection, reply->status, response);
        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result answer(const Listener *l, struct MHD_Connection *connection, const char *path,
                              const char *method, const Exchange *e)
{
        MetadataRequest q = {
                .method = method,
                .path = path,
                .flavor = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Metadata-Flavor"),
                .token = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "token"),
                .fields = e->fields,
                .n_fields = e->n_fields,
                .body = strempty(e->body),
                .body_size = e->n,
        };
        MetadataReply reply = {};
        int r;

        if (e->bad)
                r = metadata_refuse(&reply, e->max > 0 ? 413 : 400,
                                    e->max > 0 ? "that is too long\n" : "nothing is expected to be sent\n");
        else
                r = l->clients ? metadata_answer_pod(l->service, &q, &reply)
                               : metadata_answer_registrar(l->service, &q, &reply);
        return r < 0 ? MHD_NO : send_reply(connection, &reply);
}

/* Called once with the headers, then with each piece of the body, then once more. */
static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *n, void **state)
{
        const Listener *l = userdata;
        Exchange *e = *state;

        if (!e) {
                *state = e = exchange_new(connection, method);
                return !e ? MHD_NO : e->bad ? answer(l, connection, path, method, e) : MHD_YES;
        }
        if (*n > 0) {
                size_t taken = *n;

                *n = 0;
                return exchange_take(e, data, taken) ? MHD_YES : MHD_NO;
        }
        if (e->form) {
                (void) MHD_destroy_post_processor(e->form); /* this completes the last field */
                e->form = NULL;
        }
        return answer(l, connection, path, method, e);
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

        *state = exchange_free(*state);
        if (info && info->socket_context)
                client_table_answered(info->socket_context, now_monotonic_usec());
}

/* Only pods and this host are served. If the addresses of some pods are not known, all clients are. */
static bool find_client(const MetadataService *service, int fd, ClientKey *ret)
{
        union {
                struct sockaddr header;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } peer = {}, local = {};
        char text[INET6_ADDRSTRLEN];
        Uuid pod;

        if (getpeername(fd, &peer.header, &(socklen_t) { sizeof(peer) }) < 0 ||
            getsockname(fd, &local.header, &(socklen_t) { sizeof(local) }) < 0)
                return false;
        *ret = client_key(&peer.header, &local.header);
        if (client_is_host(ret))
                return true;
        if (client_address(&peer.header, text) &&
            registration_find_address(service->registration_fd, text, &pod) >= 0) {
                *ret = client_key_of_pod(&pod);
                return true;
        }
        return registration_has_strangers(service->foreign_fd) || registration_has_strangers(service->registration_fd);
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        const Listener *l = userdata;
        Client *client;
        ClientKey key;

        if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
                if (*context)
                        client_table_remove(l->clients, *context);
                return;
        }
        if (!info)
                return;
        if (!find_client(l->service, info->connect_fd, &key) ||
            client_table_add(l->clients, &key, info->connect_fd, now_monotonic_usec(), &client) < 0) {
                (void) shutdown(info->connect_fd, SHUT_RDWR);
                return;
        }
        *context = client;
}

/* Paths are used as C strings: one that contains a NUL ends there. */
static size_t on_unescape(void *userdata, struct MHD_Connection *connection, char *s)
{
        return MHD_http_unescape(s);
}

int metadata_server_new(MetadataService *service, MetadataServer **ret)
{
        MetadataServer *s = new0(MetadataServer, 1);

        if (!s)
                return -ENOMEM;
        s->service = service;
        if (client_table_new(&s->clients) < 0) {
                free(s);
                return -ENOMEM;
        }
        *ret = s;
        return 0;
}

/* Other processes may have the socket as well: it is closed, but never shut down. */
MetadataServer *metadata_server_free(MetadataServer *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n; i++) {
                safe_close(MHD_quiesce_daemon(s->listeners[i].daemon));
                MHD_stop_daemon(s->listeners[i].daemon);
        }
        client_table_free(s->clients);
        return mfree(s);
}

int metadata_server_add(MetadataServer *s, int fd, bool registrar)
{
        Listener *l = &s->listeners[s->n];
        const union MHD_DaemonInfo *info;

        if (s->n == SOCKETS_MAX)
                return -E2BIG;
        if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
                return -errno;
        *l = (Listener) { .service = s->service, .clients = registrar ? NULL : s->clients };
        l->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, on_request, l,
                                     MHD_OPTION_LISTEN_SOCKET, fd,
                                     MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                     MHD_OPTION_NOTIFY_CONNECTION, registrar ? NULL : on_connection, l,
                                     MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECONDS,
                                     MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL,
                                     MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, NULL,
                                     MHD_OPTION_END);
        if (!l->daemon)
                return -EIO;
        info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        if (!info) {
                MHD_stop_daemon(l->daemon);
                return -EIO;
        }
        l->epoll_fd = info->epoll_fd;
        s->n++;
        return 0;
}

static bool is_busy(const MetadataServer *s)
{
        for (size_t i = 0; i < s->n; i++) {
                const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->listeners[i].daemon,
                                                                       MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

                if (info && info->num_connections > 0)
                        return true;
        }
        return false;
}

/* Milliseconds until there is something to do even if no client sends anything. */
static int next_timeout(const MetadataServer *s, unsigned idle_seconds)
{
        MHD_UNSIGNED_LONG_LONG least = idle_seconds > 0 && !is_busy(s) ? idle_seconds * 1000ULL : INT32_MAX, n;
        uint64_t now = now_monotonic_usec(), next = client_table_expire(s->clients, now);

        if (next != UINT64_MAX)
                least = MIN(least, (next - now) / 1000 + 1);

        for (size_t i = 0; i < s->n; i++)
                if (MHD_get_timeout(s->listeners[i].daemon, &n) == MHD_YES)
                        least = MIN(least, n);
        return (int) least;
}

int metadata_server_run(MetadataServer *s, unsigned idle_seconds)
{
        struct pollfd fds[SOCKETS_MAX];

        for (;;) {
                int k, timeout = next_timeout(s, idle_seconds);
                bool idle = idle_seconds > 0 && !is_busy(s);

                for (size_t i = 0; i < s->n; i++)
                        fds[i] = (struct pollfd) { .fd = s->listeners[i].epoll_fd, .events = POLLIN };
                k = poll(fds, s->n, timeout);
                if (k < 0 && errno != EINTR)
                        return -errno;
                if (k == 0 && idle)
                        return 0;
                for (size_t i = 0; i < s->n; i++)
                        if (MHD_run(s->listeners[i].daemon) != MHD_YES)
                                return -EIO;
        }
}
