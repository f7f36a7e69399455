/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "streaming/stream-protocol.h"

#define NUMBERED .transport = STREAM_WEBSOCKET, .carrier = &stream_carrier_numbered
#define SPDY .transport = STREAM_SPDY, .carrier = &stream_carrier_spdy

static const StreamProtocol protocols[] = {
        { "v5.channel.k8s.io", NUMBERED, .tells_status = true, .resizes = true, .closes = true },
        { "v4.channel.k8s.io", NUMBERED, .tells_status = true, .resizes = true },
        { "v4.channel.k8s.io", NUMBERED, .forwards = true },
        /* SPDY inside messages of a WebSocket. */
        { "SPDY/3.1+portforward.k8s.io", STREAM_WEBSOCKET, true, &stream_carrier_spdy },
        { "v4.channel.k8s.io", SPDY, .tells_status = true, .resizes = true },
        { "v3.channel.k8s.io", SPDY, .resizes = true },
        { "v2.channel.k8s.io", SPDY },
        { "channel.k8s.io", SPDY },
        { "portforward.k8s.io", SPDY, .forwards = true },
        {},
};

static const StreamProtocol *find(StreamTransport transport, StreamWork work, const char *name)
{
        FOREACH_ROW(row, protocols)
                if (row->transport == transport && row->forwards == (work == STREAM_PORT_FORWARD) &&
                    streq(row->name, name))
                        return row;
        return NULL;
}

static const StreamProtocol *choose_of_line(StreamTransport transport, StreamWork work, const char *line)
{
        while (*line) {
                size_t n;

                line += strspn(line, ", \t");
                n = strcspn(line, ", \t");
                if (n > 0) {
                        _cleanup_free_ char *name = string_from_bytes(line, n);
                        const StreamProtocol *protocol = name ? find(transport, work, name) : NULL;

                        if (protocol)
                                return protocol;
                }
                line += n;
        }
        return NULL;
}

const StreamProtocol *stream_protocol_choose(StreamTransport transport, StreamWork work, char *const *names)
{
        STRV_FOREACH(line, names) {
                const StreamProtocol *protocol = choose_of_line(transport, work, *line);

                if (protocol)
                        return protocol;
        }
        return NULL;
}

unsigned stream_protocol_channels(const StreamProtocol *protocol, const StreamRequest *request)
{
        unsigned channels = 1U << STREAM_ERROR;

        if (protocol->forwards)
                return channels | 1U << STREAM_DATA;
        if (request->has_stdin)
                channels |= 1U << STREAM_STDIN;
        if (request->has_stdout)
                channels |= 1U << STREAM_STDOUT;
        /* A terminal has one output. */
        if (request->has_stderr && !request->tty)
                channels |= 1U << STREAM_STDERR;
        if (request->tty && protocol->resizes)
                channels |= 1U << STREAM_RESIZE;
        return channels;
}
