/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-connection.h"
#include "streaming/stream-wire.h"
#include "streaming/websocket.h"

struct StreamConnection {
        const StreamProtocol *protocol;
        const StreamRequest *request;
        StreamEvents events;
        void *userdata;
        StreamWire *wire;
        Websocket *websocket; /* NULL: none */
        void *state;          /* the carrier's */
        StreamChannel *channels;
        unsigned pauses;
        sd_event_source *ping; /* while it is paused */
        bool over; /* nothing that comes counts any more */
};

/* For carriers */

/* Bytes, or a message if there is a WebSocket. */
int stream_connection_write(StreamConnection *c, const uint8_t *prefix, size_t n_prefix, const uint8_t *data, size_t n);
/* Tells the session of a new channel, of which the id is not used yet. */
int stream_connection_open(StreamConnection *c, const StreamChannel *channel);
/* NULL: there is none. */
StreamChannel *stream_connection_find(const StreamConnection *c, uint32_t id);
void stream_connection_take(StreamConnection *c, StreamChannel *channel, const uint8_t *data, size_t n);
void stream_connection_end(StreamConnection *c, StreamChannel *channel, bool reset);
