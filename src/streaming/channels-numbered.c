/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>

#include "streaming/stream-connection-internal.h"

/* Channels of exec and attach have the numbers of StreamKind. The forwarded ports have two each: data, error. */

#define CLOSE_CHANNEL 255U
#define PORTS_MAX 100U

static int open_ports(StreamConnection *c)
{
        if (c->request->n_ports == 0 || c->request->n_ports > PORTS_MAX)
                return -EINVAL;
        for (size_t i = 0; i < 2 * c->request->n_ports; i++) {
                const StreamChannel channel = {
                        .kind = i % 2 == 0 ? STREAM_DATA : STREAM_ERROR,
                        .id = (uint32_t) i,
                        .port = (uint16_t) c->request->ports[i / 2],
                        .request = (uint32_t) i / 2,
                };
                const uint16_t port = htole16(channel.port);
                int r = stream_connection_write(c, &(uint8_t) { (uint8_t) i }, 1, (const uint8_t *) &port, 2);

                if (r >= 0)
                        r = stream_connection_open(c, &channel);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Old clients wait for something before they say anything: an empty message. */
static int greet(StreamConnection *c, unsigned channels)
{
        for (unsigned kind = STREAM_STDOUT; kind <= STREAM_ERROR; kind++)
                if (channels & 1U << kind)
                        return stream_connection_write(c, &(uint8_t) { (uint8_t) kind }, 1, NULL, 0);
        return 0;
}

static int numbered_start(StreamConnection *c)
{
        unsigned channels = stream_protocol_channels(c->protocol, c->request);
        int r;

        if (c->protocol->forwards)
                return open_ports(c);
        r = greet(c, channels);
        for (unsigned kind = 0; r >= 0 && kind < _STREAM_KIND_MAX; kind++)
                if (channels & 1U << kind)
                        r = stream_connection_open(c, &(StreamChannel) { .kind = kind, .id = kind });
        return r;
}

/* What is said on a channel that is not there, as by a client that sends a size to what has no terminal, is dropped. */
static int numbered_receive(StreamConnection *c, const uint8_t *data, size_t n)
{
        StreamChannel *channel;

        if (n == 0)
                return -EBADMSG;
        if (data[0] == CLOSE_CHANNEL && c->protocol->closes) {
                if (n != 2)
                        return -EBADMSG;
                channel = stream_connection_find(c, data[1]);
                if (channel)
                        stream_connection_end(c, channel, false);
                return 0;
        }
        channel = stream_connection_find(c, data[0]);
        if (channel)
                stream_connection_take(c, channel, data + 1, n - 1);
        return 0;
}

static int numbered_send(StreamConnection *c, const StreamChannel *channel, const uint8_t *data, size_t n)
{
        return stream_connection_write(c, &(uint8_t) { (uint8_t) channel->id }, 1, data, n);
}

/* There are no words for these. */

static int numbered_end(StreamConnection *c, const StreamChannel *channel)
{
        return 0;
}

static int numbered_ping(StreamConnection *c)
{
        return websocket_ping(c->websocket);
}

static int numbered_finish(StreamConnection *c)
{
        return 0;
}

static void numbered_done(StreamConnection *c)
{
}

const StreamCarrier stream_carrier_numbered = {
        true,         numbered_start, numbered_receive, numbered_send, numbered_end,
        numbered_end, numbered_ping,  numbered_finish,  numbered_done,
};
