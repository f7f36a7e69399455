/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The server's side of a WebSocket (RFC 6455) after the handshake: messages of bytes, by libwslay. It knows frames, not
 * sockets; pings are answered by themselves. */

/* Of a message that a client sends. */
#define WEBSOCKET_MESSAGE_MAX (1024U * 1024)

/* Section 7.4.1. */
enum {
        WEBSOCKET_NORMAL = 1000,
        WEBSOCKET_PROTOCOL_ERROR = 1002,
        WEBSOCKET_UNSUPPORTED = 1003,
};

typedef struct Websocket Websocket;

typedef struct WebsocketEvents {
        /* Bytes for the client. */
        int (*write)(const uint8_t *data, size_t n, void *userdata);
        /* A message; negative: it is none of this protocol, and the connection is over. */
        int (*on_message)(const uint8_t *data, size_t n, void *userdata);
} WebsocketEvents;

int websocket_new(const WebsocketEvents *events, void *userdata, Websocket **ret);
Websocket *websocket_free(Websocket *w);
DEFINE_TRIVIAL_CLEANUP_FUNC(Websocket *, websocket_free);

/* Bytes of the client, in any pieces. -EBADMSG: what came is no WebSocket, or the message is none; -ECONNRESET: the
 * client has closed it; -ENOMEM. The client was told already, then, and the connection is over. */
int websocket_receive(Websocket *w, const uint8_t *data, size_t n);
/* A message: the prefix, and the bytes behind it. */
int websocket_send(Websocket *w, const uint8_t *prefix, size_t n_prefix, const uint8_t *data, size_t n);
int websocket_ping(Websocket *w);
int websocket_close(Websocket *w, unsigned status);

/* What Sec-WebSocket-Accept says to Sec-WebSocket-Key (section 4.2.2). NULL: out of memory. */
char *websocket_accept(const char *key);
