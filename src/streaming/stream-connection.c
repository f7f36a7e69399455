/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/time-util.h"
#include "streaming/stream-connection-internal.h"

/* Whatever goes wrong with the connection, the client gets what was written before, and its end is seen as if it had
 * left. */
static void check(StreamConnection *c, int r)
{
        if (r >= 0 || c->over)
                return;
        c->over = true;
        if (c->websocket)
                (void) websocket_close(c->websocket, WEBSOCKET_PROTOCOL_ERROR);
        stream_wire_finish(c->wire);
}

/* What a client has sent before it left may be in the way of its end, as long as nobody reads it. But the system it was
 * on says at once that there is nobody any more when something is sent to it. */
#define PING_USEC (5 * USEC_PER_SEC)

/* For carriers */

static int write_bytes(const uint8_t *data, size_t n, void *userdata)
{
        StreamConnection *c = userdata;

        return stream_wire_write(c->wire, data, n);
}

int stream_connection_write(StreamConnection *c, const uint8_t *prefix, size_t n_prefix, const uint8_t *data, size_t n)
{
        int r;

        if (c->websocket)
                return websocket_send(c->websocket, prefix, n_prefix, data, n);
        r = write_bytes(prefix, n_prefix, c);
        return r < 0 ? r : write_bytes(data, n, c);
}

StreamChannel *stream_connection_find(const StreamConnection *c, uint32_t id)
{
        for (StreamChannel *channel = c->channels; channel; channel = channel->next)
                if (channel->id == id)
                        return channel;
        return NULL;
}

static void remove_channel(StreamConnection *c, const StreamChannel *channel)
{
        for (StreamChannel **at = &c->channels; *at; at = &(*at)->next)
                if (*at == channel) {
                        *at = channel->next;
                        return;
                }
}

int stream_connection_open(StreamConnection *c, const StreamChannel *channel)
{
        StreamChannel *new = new0(StreamChannel, 1);
        int r;

        if (!new)
                return -ENOMEM;
        *new = *channel;
        new->next = c->channels;
        c->channels = new;
        r = c->events.on_open(new, c->userdata);
        if (r < 0) {
                remove_channel(c, new);
                free(new);
        }
        return r;
}

void stream_connection_take(StreamConnection *c, StreamChannel *channel, const uint8_t *data, size_t n)
{
        if (!channel->theirs_ended && n > 0)
                c->events.on_data(channel, data, n, c->userdata);
}

void stream_connection_end(StreamConnection *c, StreamChannel *channel, bool reset)
{
        if (channel->theirs_ended && !reset)
                return;
        channel->theirs_ended = true;
        channel->ours_ended |= reset;
        c->events.on_end(channel, reset, c->userdata);
}

/* For sessions */

void stream_send(StreamConnection *c, StreamChannel *channel, const uint8_t *data, size_t n)
{
        if (!channel->ours_ended && !c->over)
                check(c, c->protocol->carrier->send(c, channel, data, n));
}

void stream_end(StreamConnection *c, StreamChannel *channel)
{
        if (channel->ours_ended || c->over)
                return;
        channel->ours_ended = true;
        check(c, c->protocol->carrier->end(c, channel));
}

void stream_close(StreamConnection *c, StreamChannel *channel)
{
        stream_end(c, channel);
        if (!channel->theirs_ended && !c->over)
                check(c, c->protocol->carrier->reset(c, channel));
        remove_channel(c, channel);
        free(channel);
}

bool stream_has_room(const StreamConnection *c)
{
        return stream_wire_has_room(c->wire);
}

void stream_pause(StreamConnection *c, bool pause)
{
        c->pauses += pause ? 1 : -1U;
        stream_wire_pause(c->wire, c->pauses > 0);
        if (pause && c->pauses == 1)
                (void) sd_event_source_set_time_relative(c->ping, PING_USEC);
        (void) sd_event_source_set_enabled(c->ping, c->pauses > 0 ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

void stream_finish(StreamConnection *c)
{
        if (!c->over)
                (void) c->protocol->carrier->finish(c);
        if (c->websocket)
                (void) websocket_close(c->websocket, WEBSOCKET_NORMAL);
        c->over = true;
        stream_wire_finish(c->wire);
}

/* From the wire */

static int take_message(const uint8_t *data, size_t n, void *userdata)
{
        StreamConnection *c = userdata;

        return c->over ? 0 : c->protocol->carrier->receive(c, data, n);
}

static void on_bytes(const uint8_t *data, size_t n, void *userdata)
{
        StreamConnection *c = userdata;

        if (!c->over)
                check(c, c->websocket ? websocket_receive(c->websocket, data, n) : take_message(data, n, c));
}

static void on_room(void *userdata)
{
        StreamConnection *c = userdata;

        if (!c->over)
                c->events.on_room(c->userdata);
}

static void on_gone(void *userdata)
{
        StreamConnection *c = userdata;

        c->over = true;
        c->events.on_gone(c->userdata);
}

static int on_ping(sd_event_source *source, uint64_t now, void *userdata)
{
        StreamConnection *c = userdata;

        if (c->over)
                return 0;
        check(c, c->protocol->carrier->ping(c));
        (void) sd_event_source_set_time_relative(source, PING_USEC);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int stream_connection_new(sd_event *event, int fd, const StreamProtocol *protocol, const StreamRequest *request,
                          const StreamEvents *events, void *userdata, StreamConnection **ret)
{
        _cleanup_(stream_connection_freep) StreamConnection *c = new0(StreamConnection, 1);
        int r;

        if (!c) {
                safe_close(fd);
                return -ENOMEM;
        }
        c->protocol = protocol;
        c->request = request;
        c->events = *events;
        c->userdata = userdata;
        r = stream_wire_new(event, fd, &(StreamWireEvents) { on_bytes, on_room, on_gone }, c, &c->wire);
        if (r < 0)
                return r;
        r = sd_event_add_time_relative(event, &c->ping, CLOCK_MONOTONIC, PING_USEC, 0, on_ping, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->ping, SD_EVENT_OFF);
        if (r >= 0 && protocol->transport == STREAM_WEBSOCKET)
                r = websocket_new(&(WebsocketEvents) { write_bytes, take_message }, c, &c->websocket);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

int stream_connection_start(StreamConnection *c, const void *early, size_t n)
{
        int r = c->protocol->carrier->start(c);

        if (r >= 0 && n > 0)
                on_bytes(early, n, c);
        return r;
}

StreamConnection *stream_connection_free(StreamConnection *c)
{
        if (!c)
                return NULL;
        c->protocol->carrier->done(c);
        while (c->channels) {
                StreamChannel *channel = c->channels;

                c->channels = channel->next;
                free(channel);
        }
        sd_event_source_disable_unref(c->ping);
        websocket_free(c->websocket);
        stream_wire_free(c->wire);
        return mfree(c);
}
