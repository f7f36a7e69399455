/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "streaming/stream-channel.h"
#include "streaming/stream-protocol.h"
#include "streaming/stream-request.h"

/* A client, as its channels: what they go over, WebSocket or SPDY, makes no difference from here on. */

typedef struct StreamConnection StreamConnection;

/* What becomes of a request. The callbacks get the userdata. */
typedef struct StreamEvents {
        /* Negative: the channel is refused, and gone. */
        int (*on_open)(StreamChannel *channel, void *userdata);
        void (*on_data)(StreamChannel *channel, const uint8_t *data, size_t n, void *userdata);
        /* Nothing more comes on it; reset: and nothing more is taken. */
        void (*on_end)(StreamChannel *channel, bool reset, void *userdata);
        /* There is room again. */
        void (*on_room)(void *userdata);
        /* The client is gone, or got all there was. The last event. */
        void (*on_gone)(void *userdata);
} StreamEvents;

/* The socket becomes the connection's, also when this fails. request stays the caller's, and has to stay. */
int stream_connection_new(sd_event *event, int fd, const StreamProtocol *protocol, const StreamRequest *request,
                          const StreamEvents *events, void *userdata, StreamConnection **ret);
StreamConnection *stream_connection_free(StreamConnection *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(StreamConnection *, stream_connection_free);

/* Opens what needs no client to open it, and takes what came with the handshake. */
int stream_connection_start(StreamConnection *c, const void *early, size_t n);

/* These never wait. If the client is gone, they do nothing. */
void stream_send(StreamConnection *c, StreamChannel *channel, const uint8_t *data, size_t n);
void stream_end(StreamConnection *c, StreamChannel *channel);
/* Ends the channel in both directions, as far as it has not, and frees it. */
void stream_close(StreamConnection *c, StreamChannel *channel);
/* Whoever has much to send asks before, and waits for on_room(). */
bool stream_has_room(const StreamConnection *c);
/* Nothing is read while somebody has paused it; pauses are counted. */
void stream_pause(StreamConnection *c, bool pause);
/* All was said: leads to on_gone(). */
void stream_finish(StreamConnection *c);
