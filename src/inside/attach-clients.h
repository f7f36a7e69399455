/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <poll.h>

#include "inside/attach-streams.h"

/* Those who are attached to an app. */

#define ATTACH_CLIENTS_MAX 64

typedef struct AttachClient {
        int fd;        /* negative: this place is free */
        uint8_t chosen; /* the channels that it gets; 0: it has not said so yet */
        bool awaited;  /* it started the pod: the app waits for it */
        bool holds;    /* its next frame is input that the app does not take yet */
        uint64_t lost; /* bytes that it has still to be told of */
} AttachClient;

typedef struct AttachClients {
        AttachClient items[ATTACH_CLIENTS_MAX];
} AttachClients;

void attach_clients_init(AttachClients *c);
/* Greets it; the descriptor is ours from now on. If there is no place for it, it gets that of a client that has gone,
 * whose input the app has not taken, or it is cut off. */
void attach_clients_add(AttachClients *c, int fd, bool awaited, uint8_t channels);

/* The one that the app waits for, or NULL. */
AttachClient *attach_clients_awaited(AttachClients *c);
/* Whether that one would take more at once than attach_clients_send() sends. */
bool attach_client_is_ready(const AttachClient *client);

/* To all that chose the channel. */
void attach_clients_send(AttachClients *c, int source, const uint8_t *data, size_t n);
/* What was left out, if anything was. False: it does not take that yet. */
bool attach_client_tell_lost(AttachClient *client);
/* What one of them says, unless that is input that the app does not take yet. It is cut off if that makes no sense. */
void attach_client_hear(AttachClient *client, AttachStreams *streams);
void attach_client_drop(AttachClient *client);
