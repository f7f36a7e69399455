/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-carrier.h"
#include "streaming/stream-request.h"

/* What client and server may agree on: protocols of Kubernetes, by the name in Sec-WebSocket-Protocol or
 * X-Stream-Protocol-Version. */

typedef enum StreamTransport {
        STREAM_WEBSOCKET,
        STREAM_SPDY,
} StreamTransport;

typedef struct StreamProtocol {
        const char *name;
        StreamTransport transport;
        bool forwards; /* ports; otherwise it is for exec and attach */
        const StreamCarrier *carrier;
        bool tells_status; /* how it went is an object of JSON; otherwise a text, if it went wrong */
        bool resizes;
        bool closes; /* the client can end a channel (of numbered ones) */
} StreamProtocol;

/* The first of the client's that is there; NULL: none. names: in any number of lines, each with commas. */
const StreamProtocol *stream_protocol_choose(StreamTransport transport, StreamWork work, char *const *names);

/* The channels that a request leads to: a bit for each StreamKind. */
unsigned stream_protocol_channels(const StreamProtocol *protocol, const StreamRequest *request);
