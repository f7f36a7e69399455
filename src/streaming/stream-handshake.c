/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <microhttpd.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "serve/http-server.h"
#include "streaming/stream-handshake.h"
#include "streaming/websocket.h"

#define TIMEOUT_SECONDS 10U
#define MEMORY_MAX 32768U
#define WEBSOCKET_VERSION "13"
#define VERSION_HEADER "X-Stream-Protocol-Version"

void stream_handshake_done(StreamHandshake *h)
{
        stream_request_done(&h->request);
        safe_close(h->fd);
        free(h->early);
        if (h->handle)
                (void) MHD_upgrade_action(h->handle, MHD_UPGRADE_ACTION_CLOSE);
        if (h->daemon)
                MHD_stop_daemon(h->daemon);
}

/* The answer */

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *text)
{
        char *copy = strjoin(text, "\n");

        return copy ? http_answer(connection, status, "text/plain; charset=utf-8",
                                  status == MHD_HTTP_METHOD_NOT_ALLOWED ? "GET, POST" : NULL, copy)
                    : MHD_NO;
}

/* The library takes the socket with it when it ends. */
static void on_upgrade(void *userdata, struct MHD_Connection *connection, void *state, const char *early,
                       size_t n_early, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
        StreamHandshake *h = userdata;

        h->over = true;
        h->handle = handle;
        h->early = n_early > 0 ? malloc(n_early) : NULL;
        if (n_early > 0 && !h->early)
                return;
        if (n_early > 0)
                memcpy(h->early, early, n_early);
        h->n_early = n_early;
        h->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (h->fd >= 0)
                (void) fcntl(h->fd, F_SETFL, O_NONBLOCK);
}

static int add_headers(const StreamHandshake *h, struct MHD_Response *response, const char *key)
{
        _cleanup_free_ char *accept = NULL;
        bool websocket = h->protocol->transport == STREAM_WEBSOCKET;
        const char *upgrade = websocket ? "websocket" : "SPDY/3.1",
                   *name = websocket ? MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL : VERSION_HEADER;

        if (MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, upgrade) != MHD_YES ||
            MHD_add_response_header(response, name, h->protocol->name) != MHD_YES)
                return -ENOMEM;
        if (!websocket)
                return 0;
        accept = websocket_accept(key);
        return accept && MHD_add_response_header(response, MHD_HTTP_HEADER_SEC_WEBSOCKET_ACCEPT, accept) == MHD_YES
                       ? 0 : -ENOMEM;
}

static enum MHD_Result agree(StreamHandshake *h, struct MHD_Connection *connection, const char *key)
{
        struct MHD_Response *response = MHD_create_response_for_upgrade(on_upgrade, h);
        enum MHD_Result result = MHD_NO;

        if (!response)
                return MHD_NO;
        if (add_headers(h, response, key) >= 0)
                result = MHD_queue_response(connection, MHD_HTTP_SWITCHING_PROTOCOLS, response);
        MHD_destroy_response(response);
        return result;
}

/* The request */

typedef struct Lines {
        const char *name;
        char **values;
        bool failed;
} Lines;

static enum MHD_Result on_header(void *userdata, enum MHD_ValueKind kind, const char *name, const char *value)
{
        Lines *l = userdata;

        if (value && strcasecmp(name, l->name) == 0 && strv_extend(&l->values, value) < 0)
                l->failed = true;
        return MHD_YES;
}

static const StreamProtocol *choose(struct MHD_Connection *connection, StreamTransport transport, StreamWork work)
{
        Lines lines = { .name = transport == STREAM_WEBSOCKET ? MHD_HTTP_HEADER_SEC_WEBSOCKET_PROTOCOL
                                                              : VERSION_HEADER };
        const StreamProtocol *protocol;

        (void) MHD_get_connection_values(connection, MHD_HEADER_KIND, on_header, &lines);
        protocol = stream_protocol_choose(transport, work, lines.values);
        strv_free(lines.values);
        return protocol;
}

/* NULL: it fits; otherwise, what is wrong. The key is a WebSocket's. */
static const char *read_upgrade(struct MHD_Connection *connection, StreamTransport *ret, const char **ret_key)
{
        const char *upgrade = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_UPGRADE);
        const char *version = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                          MHD_HTTP_HEADER_SEC_WEBSOCKET_VERSION);

        *ret_key = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Sec-WebSocket-Key");
        if (upgrade && strcasecmp(upgrade, "SPDY/3.1") == 0) {
                *ret = STREAM_SPDY;
                return NULL;
        }
        if (!upgrade || strcasecmp(upgrade, "websocket") != 0)
                return "this is for an upgrade to websocket or SPDY/3.1";
        *ret = STREAM_WEBSOCKET;
        return *ret_key && streq_ptr(version, WEBSOCKET_VERSION) ? NULL
                                                                 : "this is no handshake of WebSocket version 13";
}

/* "/WORK/TOKEN"; NULL: it is something else. */
static const char *read_path(const char *target, StreamWork *ret)
{
        _cleanup_free_ char *word = NULL;
        const char *path = http_path(target), *slash = *path == '/' ? strchr(path + 1, '/') : NULL;

        if (!slash)
                return NULL;
        word = string_from_bytes(path + 1, (size_t) (slash - path - 1));
        *ret = word ? stream_work_from_string(word) : _STREAM_WORK_INVALID;
        return *ret == _STREAM_WORK_INVALID ? NULL : slash + 1;
}

static enum MHD_Result answer(StreamHandshake *h, struct MHD_Connection *connection, const char *target,
                              const char *method)
{
        StreamTransport transport;
        StreamWork work;
        const char *token = read_path(target, &work), *key, *wrong;

        if (!streq(method, MHD_HTTP_METHOD_GET) && !streq(method, MHD_HTTP_METHOD_POST))
                return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "there are only GET and POST here");
        if (!token)
                return refuse(connection, MHD_HTTP_NOT_FOUND, "there is nothing here");
        wrong = read_upgrade(connection, &transport, &key);
        if (wrong)
                return refuse(connection, MHD_HTTP_BAD_REQUEST, wrong);
        h->protocol = choose(connection, transport, work);
        if (!h->protocol)
                return refuse(connection, MHD_HTTP_FORBIDDEN, "the client has no protocol that is known here");
        /* Last, since it can be done only once. */
        if (stream_take(h->directory_fd, work, token, &h->request) < 0)
                return refuse(connection, MHD_HTTP_NOT_FOUND,
                              "there is nothing here: it was used already, or more than a minute ago");
        return agree(h, connection, key);
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *target,
                                  const char *method, const char *version, const char *data, size_t *n, void **state)
{
        static char first;

        /* Answered when it is complete, or the connection could not be taken over. */
        if (!*state) {
                *state = &first;
                return MHD_YES;
        }
        if (*n > 0) {
                *n = 0;
                return MHD_YES;
        }
        return answer(userdata, connection, target, method);
}

/* After one request, or none. */
static void on_completed(void *userdata, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode how)
{
        StreamHandshake *h = userdata;

        h->over = true;
}

static void on_connection(void *userdata, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode how)
{
        StreamHandshake *h = userdata;

        if (how == MHD_CONNECTION_NOTIFY_CLOSED)
                h->over = true;
}

int stream_handshake_run(StreamHandshake *h, int fd)
{
        struct sockaddr_storage address;
        socklen_t n = sizeof(address);

        h->fd = -EBADF;
        if (getpeername(fd, (struct sockaddr *) &address, &n) < 0) {
                int r = -errno;

                safe_close(fd);
                return r;
        }
        h->daemon = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_UPGRADE, 0, NULL, NULL, on_request, h,
                                     MHD_OPTION_CONNECTION_TIMEOUT, TIMEOUT_SECONDS,
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t) MEMORY_MAX,
                                     MHD_OPTION_NOTIFY_COMPLETED, on_completed, h,
                                     MHD_OPTION_NOTIFY_CONNECTION, on_connection, h, MHD_OPTION_END);
        if (!h->daemon) {
                safe_close(fd);
                return -ENOMEM;
        }
        /* It closes the socket if it fails, too. */
        if (MHD_add_connection(h->daemon, fd, (struct sockaddr *) &address, n) != MHD_YES)
                return -errno;
        while (!h->over)
                if (MHD_run_wait(h->daemon, -1) != MHD_YES)
                        return -EIO;
        return 0;
}
