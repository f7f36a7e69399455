/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-channel.h"

/* How channels become bytes of a connection. */

typedef struct StreamConnection StreamConnection;

/* Negative: the connection cannot go on. */
typedef struct StreamCarrier {
        bool is_fixed; /* its channels are those of the beginning, and a channel has no end but that of all */
        int (*start)(StreamConnection *c);
        /* Bytes, or one message if there is a WebSocket. */
        int (*receive)(StreamConnection *c, const uint8_t *data, size_t n);
        int (*send)(StreamConnection *c, const StreamChannel *channel, const uint8_t *data, size_t n);
        int (*end)(StreamConnection *c, const StreamChannel *channel);
        int (*reset)(StreamConnection *c, const StreamChannel *channel);
        /* Something that a client takes without notice. */
        int (*ping)(StreamConnection *c);
        int (*finish)(StreamConnection *c);
        void (*done)(StreamConnection *c);
} StreamCarrier;

/* A message is a byte that names the channel, and its data. */
extern const StreamCarrier stream_carrier_numbered;
/* A channel is a stream of SPDY, which names it in its headers. */
extern const StreamCarrier stream_carrier_spdy;
