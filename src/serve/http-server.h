/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <microhttpd.h>

#include "serve/http-clients.h"

/* HTTP servers by libmicrohttpd: one thread, several listening sockets. There are limits for clients: on connections,
 * in total and for each client, and on the time that a request may take (serve/http-clients.h). */

typedef struct HttpServer HttpServer;

/* What differs between sockets. The callbacks get the userdata. */
typedef struct HttpHandler {
        /* As microhttpd.h describes: called once with the headers, then with each piece of the body, then once more. */
        MHD_AccessHandlerCallback on_request;
        /* Releases what on_request() has put into *state. NULL: there is nothing to release. */
        void (*release)(void *state);
        /* Identifies the client of a connection; false: it is not served. NULL: the socket is only for root, whose
         * connections are not counted. */
        bool (*find_client)(void *userdata, int fd, ClientKey *ret);
        void *userdata;
} HttpHandler;

int http_server_new(HttpServer **ret);
HttpServer *http_server_free(HttpServer *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(HttpServer *, http_server_free);

/* Takes over a listening socket and serves it. */
int http_server_add(HttpServer *s, int fd, const HttpHandler *handler);
/* Serves until there has been no connection for this time; 0: forever. */
int http_server_run(HttpServer *s, unsigned idle_seconds);

/* How long to wait for clients: half a minute, or the seconds in the variable of the environment, an hour at most. */
unsigned http_server_idle_seconds(const char *variable);

/* The addresses of both ends of a connection. */
typedef union HttpAddress {
        struct sockaddr header;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
} HttpAddress;

/* The client of a connection, by its address. */
bool http_find_client(int fd, HttpAddress *ret_peer, ClientKey *ret);

/* The path of a request's target, which may be a whole URL (RFC 9112, section 3.2.2). */
const char *http_path(const char *target);

/* Answers with a text, which it takes over, also on failure. allow: NULL, or with 405 the methods there are. */
enum MHD_Result http_answer(struct MHD_Connection *connection, unsigned status, const char *type, const char *allow,
                            char *text);
