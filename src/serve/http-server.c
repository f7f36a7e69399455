/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "serve/http-server.h"

#define SOCKETS_MAX 8
/* The limits of http-clients.h are reached first: at this one, the library would make new connections wait. */
#define CONNECTIONS_MAX (2 * CLIENTS_MAX)
#define SILENCE_SECONDS 5U
#define IDLE_SECONDS 30U

typedef struct Listener {
        HttpHandler handler;
        struct MHD_Daemon *daemon;
        int epoll_fd;         /* the daemon's */
        ClientTable *clients; /* the server's */
} Listener;

struct HttpServer {
        ClientTable *clients;
        Listener listeners[SOCKETS_MAX];
        size_t n;
};

bool http_find_client(int fd, HttpAddress *ret_peer, ClientKey *ret)
{
        HttpAddress peer = {}, local = {};

        if (getpeername(fd, &peer.header, &(socklen_t) { sizeof(peer) }) < 0 ||
            getsockname(fd, &local.header, &(socklen_t) { sizeof(local) }) < 0)
                return false;
        *ret = client_key(&peer.header, &local.header);
        *ret_peer = peer;
        return true;
}

const char *http_path(const char *target)
{
        static const char scheme[] = "http://";

        if (strncasecmp(target, scheme, strlen(scheme)) != 0)
                return target;
        return strchr(target + strlen(scheme), '/') ?: "/";
}

enum MHD_Result http_answer(struct MHD_Connection *connection, unsigned status, const char *type, const char *allow,
                            char *text)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
        enum MHD_Result result;

        if (!response) {
                free(text);
                return MHD_NO;
        }
        (void) MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        if (allow)
                (void) MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, allow);
        result = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return result;
}

static void on_completed(void *userdata, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
        const Listener *l = userdata;

        if (l->handler.release)
                l->handler.release(*state);
        *state = NULL;
        if (info && info->socket_context)
                client_table_answered(info->socket_context, now_monotonic_usec());
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
        if (!l->handler.find_client(l->handler.userdata, info->connect_fd, &key) ||
            client_table_add(l->clients, &key, info->connect_fd, now_monotonic_usec(), &client) < 0) {
                (void) shutdown(info->connect_fd, SHUT_RDWR);
                return;
        }
        *context = client;
}

/* Paths are used as C strings: one with a NUL in it is that of nothing. */
static size_t on_unescape(void *userdata, struct MHD_Connection *connection, char *s)
{
        size_t n = MHD_http_unescape(s);

        if (strlen(s) == n)
                return n;
        *s = 0;
        return 0;
}

int http_server_new(HttpServer **ret)
{
        HttpServer *s = new0(HttpServer, 1);

        if (!s)
                return -ENOMEM;
        if (client_table_new(&s->clients) < 0) {
                free(s);
                return -ENOMEM;
        }
        *ret = s;
        return 0;
}

/* Other processes may have the socket as well: it is closed, but never shut down. */
HttpServer *http_server_free(HttpServer *s)
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

int http_server_add(HttpServer *s, int fd, const HttpHandler *handler)
{
        Listener *l = &s->listeners[s->n];
        const union MHD_DaemonInfo *info;

        if (s->n == SOCKETS_MAX)
                return -E2BIG;
        if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
                return -errno;
        *l = (Listener) { .handler = *handler, .clients = s->clients };
        l->daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handler->on_request, handler->userdata,
                                     MHD_OPTION_LISTEN_SOCKET, fd,
                                     MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
                                     MHD_OPTION_NOTIFY_CONNECTION, handler->find_client ? on_connection : NULL, l,
                                     MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_SECONDS,
                                     MHD_OPTION_NOTIFY_COMPLETED, on_completed, l,
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

static bool is_busy(const HttpServer *s)
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
static int next_timeout(const HttpServer *s, unsigned idle_seconds)
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

int http_server_run(HttpServer *s, unsigned idle_seconds)
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

unsigned http_server_idle_seconds(const char *variable)
{
        const char *text = getenv(variable);
        uint32_t n;

        return text && parse_uint32(text, &n) >= 0 ? MIN(n, 3600U) : IDLE_SECONDS;
}
