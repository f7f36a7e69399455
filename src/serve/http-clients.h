/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include "basic/uuid.h"

/* The connected clients, and how long they have been connected. Each request has to arrive and be answered within a
 * time limit, even if bytes keep trickling in. A client with too many connections loses its oldest one, and if there
 * are too many in total, the oldest of all is ended: slow connections make room for quick ones. Nothing is closed here,
 * only shut down, so that the owner of the connection sees its end. Times are microseconds of a monotonic clock. */

#define CLIENTS_MAX 512U
#define CLIENT_CONNECTIONS_MAX 64U
#define CLIENT_REQUEST_USEC UINT64_C(10000000)

/* The identity of a client: a pod, this host with all its addresses, or, for all others, an IPv4 address or an IPv6
 * /64. */
typedef struct ClientKey {
        uint8_t bytes[1 + UUID_STRING_MAX];
} ClientKey;

/* local: the address it has connected to. */
ClientKey client_key(const struct sockaddr *peer, const struct sockaddr *local);
/* The address as text; IPv4 also if it came over a socket for both families. False: there is no text for it. */
bool client_address(const struct sockaddr *peer, char ret[static INET6_ADDRSTRLEN]);
bool client_is_host(const ClientKey *k);
ClientKey client_key_of_pod(const Uuid *pod);

typedef struct Client Client;
typedef struct ClientTable ClientTable;

int client_table_new(ClientTable **ret);
ClientTable *client_table_free(ClientTable *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(ClientTable *, client_table_free);

/* Adds a connection. The fd belongs to the caller, and stays open until the connection is removed. */
int client_table_add(ClientTable *t, const ClientKey *key, int fd, uint64_t now, Client **ret);
void client_table_remove(ClientTable *t, Client *c);
/* A request was answered; the time of the next one begins. */
void client_table_answered(Client *c, uint64_t now);
/* Shuts down connections whose time is over. Returns when to call this next; UINT64_MAX: never. */
uint64_t client_table_expire(ClientTable *t, uint64_t now);
