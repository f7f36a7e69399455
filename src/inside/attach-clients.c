/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inside/attach-clients.h"

/* Once the app has ended, nothing holds it back any more, and what is left is more than a socket takes at once only if
 * the client has not read for long. */
#define PATIENCE_MSEC 20000

void attach_clients_init(AttachClients *c)
{
        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
                c->items[i] = (AttachClient) { .fd = -1 };
}

void attach_client_drop(AttachClient *client)
{
        (void) close(client->fd);
        *client = (AttachClient) { .fd = -1 };
}

/* False: it did not take it. */
static bool send_frame(const AttachClient *client, const AttachFrame *frame)
{
        uint8_t packet[ATTACH_PACKET_MAX];
        size_t n = attach_frame_write(frame, packet);
        ssize_t k;

        do
                k = send(client->fd, packet, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        while (k < 0 && errno == EINTR);
        return k >= 0;
}

static bool wait_to_send(const AttachClient *client, const AttachFrame *frame)
{
        while (!send_frame(client, frame))
                if (errno != EAGAIN || !client->awaited ||
                    poll(&(struct pollfd) { .fd = client->fd, .events = POLLOUT }, 1, PATIENCE_MSEC) == 0)
                        return false;
        return true;
}

bool attach_client_tell_lost(AttachClient *client)
{
        if (client->lost > 0 && !send_frame(client, &(AttachFrame) { .type = ATTACH_LOST, .lost = client->lost }))
                return false;
        client->lost = 0;
        return true;
}

static bool has_gone(const AttachClient *client)
{
        struct pollfd fd = { .fd = client->fd };

        return poll(&fd, 1, 0) > 0 && (fd.revents & POLLHUP);
}

static AttachClient *find_place(AttachClients *c)
{
        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
                if (c->items[i].fd < 0)
                        return &c->items[i];
        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
                if (c->items[i].holds && has_gone(&c->items[i])) {
                        attach_client_drop(&c->items[i]);
                        return &c->items[i];
                }
        return NULL;
}

void attach_clients_add(AttachClients *c, int fd, bool awaited, uint8_t channels)
{
        AttachClient *client = find_place(c);

        if (!client) {
                (void) close(fd);
                return;
        }
        *client = (AttachClient) { .fd = fd, .awaited = awaited };
        (void) send_frame(client, &(AttachFrame) { .type = ATTACH_HAS, .version = ATTACH_VERSION,
                                                   .channels = channels });
}

AttachClient *attach_clients_awaited(AttachClients *c)
{
        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++)
                if (c->items[i].fd >= 0 && c->items[i].awaited)
                        return &c->items[i];
        return NULL;
}

/* The kernel says so as long as most of the room is left (unix(7)), which a frame then fits into. */
bool attach_client_is_ready(const AttachClient *client)
{
        struct pollfd fd = { .fd = client->fd, .events = POLLOUT };

        return client->chosen != 0 && poll(&fd, 1, 0) > 0;
}

void attach_clients_send(AttachClients *c, int source, const uint8_t *data, size_t n)
{
        const AttachFrame frame = { .type = source == ATTACH_SOURCE_ERROR ? ATTACH_ERROR : ATTACH_OUTPUT, .data = data,
                                    .n = n };
        const uint8_t channels = source == ATTACH_SOURCE_ERROR ? ATTACH_STDERR : ATTACH_STDOUT | ATTACH_TTY_OUT;

        for (size_t i = 0; i < ATTACH_CLIENTS_MAX; i++) {
                AttachClient *client = &c->items[i];

                if (client->fd < 0 || !(client->chosen & channels) ||
                    (attach_client_tell_lost(client) && wait_to_send(client, &frame)))
                        continue;
                if (errno == EAGAIN && !client->awaited)
                        client->lost += n;
                else
                        attach_client_drop(client);
        }
}

static bool choose(AttachClient *client, uint8_t channels, const AttachStreams *streams)
{
        client->chosen = channels & attach_streams_channels(streams);
        return client->chosen != 0 && client->chosen == channels;
}

/* False: nobody may say that. */
static bool carry_out(AttachClient *client, const AttachFrame *frame, AttachStreams *streams)
{
        bool types = client->chosen & ATTACH_ANY_IN;

        switch (frame->type) {
        case ATTACH_CHOICE:
                return choose(client, frame->channels, streams);
        case ATTACH_INPUT:
                if (types)
                        attach_streams_type(streams, frame->data, frame->n);
                return types;
        case ATTACH_END:
                if (types)
                        attach_streams_end_input(streams);
                return types;
        case ATTACH_SIZE:
                if (client->chosen == 0 || (client->chosen & ATTACH_ANY_TTY))
                        attach_streams_resize(streams, frame->rows, frame->columns);
                return true;
        default:
                return false;
        }
}

static bool holds_input(const AttachClient *client)
{
        uint8_t type = 0;

        return (client->chosen & ATTACH_ANY_IN) &&
               recv(client->fd, &type, sizeof(type), MSG_DONTWAIT | MSG_PEEK) == sizeof(type) &&
               (type == ATTACH_INPUT || type == ATTACH_END);
}

void attach_client_hear(AttachClient *client, AttachStreams *streams)
{
        static uint8_t packet[ATTACH_PACKET_MAX];
        AttachFrame frame;
        ssize_t n;

        client->holds = !attach_streams_take_input(streams) && holds_input(client);
        if (client->holds)
                return;
        n = recv(client->fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0 || (size_t) n > sizeof(packet) || !attach_frame_read(packet, (size_t) n, &frame) ||
            !carry_out(client, &frame, streams))
                attach_client_drop(client);
}
