/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "streaming/spdy.h"
#include "streaming/stream-connection-internal.h"

/* The client opens the channels, and names them in headers. */

static const char *const stream_kind_table[_STREAM_KIND_MAX] = {
        [STREAM_STDIN] = "stdin",
        [STREAM_STDOUT] = "stdout",
        [STREAM_STDERR] = "stderr",
        [STREAM_ERROR] = "error",
        [STREAM_RESIZE] = "resize",
        [STREAM_DATA] = "data",
};

/* Port and number of the pair. Clients of long ago have no number, and open the two one after the other. */
static int read_forward(StreamChannel *channel, char *const *headers)
{
        const char *port = strv_env_get(headers, "port"), *request = strv_env_get(headers, "requestid");
        uint64_t n;

        if (!port || parse_uint64(port, &n) < 0 || n == 0 || n > UINT16_MAX)
                return -EINVAL;
        channel->port = (uint16_t) n;
        if (!request)
                n = channel->kind == STREAM_DATA ? channel->id - 2 : channel->id;
        else if (parse_uint64(request, &n) < 0 || n > UINT32_MAX)
                return -EINVAL;
        channel->request = (uint32_t) n;
        return 0;
}

static int on_open(uint32_t stream, char *const *headers, void *userdata)
{
        StreamConnection *c = userdata;
        StreamChannel channel = {
                .id = stream,
                .kind = string_table_find(stream_kind_table, ELEMENTSOF(stream_kind_table),
                                          strv_env_get(headers, "streamtype")),
        };
        int r;

        if (channel.kind == _STREAM_KIND_INVALID ||
            !(stream_protocol_channels(c->protocol, c->request) & 1U << channel.kind))
                return -EINVAL;
        r = c->protocol->forwards ? read_forward(&channel, headers) : 0;
        return r < 0 ? r : stream_connection_open(c, &channel);
}

static void on_data(uint32_t stream, const uint8_t *data, size_t n, void *userdata)
{
        StreamConnection *c = userdata;
        StreamChannel *channel = stream_connection_find(c, stream);

        if (channel)
                stream_connection_take(c, channel, data, n);
}

static void on_end(uint32_t stream, bool reset, void *userdata)
{
        StreamConnection *c = userdata;
        StreamChannel *channel = stream_connection_find(c, stream);

        if (channel)
                stream_connection_end(c, channel, reset);
}

static int on_write(const uint8_t *data, size_t n, void *userdata)
{
        return stream_connection_write(userdata, NULL, 0, data, n);
}

static int carrier_start(StreamConnection *c)
{
        return spdy_new(&(SpdyEvents) { on_write, on_open, on_data, on_end }, c, (Spdy **) &c->state);
}

static int carrier_receive(StreamConnection *c, const uint8_t *data, size_t n)
{
        return spdy_receive(c->state, data, n);
}

static int carrier_send(StreamConnection *c, const StreamChannel *channel, const uint8_t *data, size_t n)
{
        return spdy_send(c->state, channel->id, data, n);
}

static int carrier_end(StreamConnection *c, const StreamChannel *channel)
{
        return spdy_end(c->state, channel->id);
}

static int carrier_reset(StreamConnection *c, const StreamChannel *channel)
{
        return spdy_reset(c->state, channel->id, SPDY_CANCEL);
}

static int carrier_ping(StreamConnection *c)
{
        return spdy_ping(c->state);
}

static int carrier_finish(StreamConnection *c)
{
        return spdy_go_away(c->state, 0);
}

static void carrier_done(StreamConnection *c)
{
        spdy_free(c->state);
}

const StreamCarrier stream_carrier_spdy = {
        false,         carrier_start, carrier_receive, carrier_send, carrier_end,
        carrier_reset, carrier_ping,  carrier_finish,  carrier_done,
};
