/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>

#include "basic/uuid.h"

/* The clients that are connected, and for how long. Each request has to come, and its answer to go, within a time,
 * however many bytes trickle. A client that has more connections than it may have loses its oldest, and when there are
 * too many altogether the oldest of all goes: what is slow makes room for what is quick. Nothing is closed here, only
 * shut down, so that whoever owns the connection sees its end. Times are microseconds of a clock that only goes
 * forward. */

#define CLIENTS_MAX 512U
#define CLIENT_CONNECTIONS_MAX 64U
#define CLIENT_REQUEST_USEC UINT64_C(10000000)

/* What counts as one client: a pod, this host with all addresses it has, and of others an IPv4 address or a /64 of
 * IPv6. */
typedef struct ClientKey {
        uint8_t bytes[1 + UUID_STRING_MAX];
} ClientKey;

/* local: the address it has connected to. */
ClientKey client_key(const struct sockaddr *peer, const struct sockaddr *local);
/* IPv4 also where it came over a socket for both. False: it is neither. */
bool client_address(const struct sockaddr *peer, char ret[static INET6_ADDRSTRLEN]);
bool client_is_host(const ClientKey *k);
ClientKey client_key_of_pod(const Uuid *pod);

typedef struct Client Client;
typedef struct ClientTable ClientTable;

int client_table_new(ClientTable **ret);
ClientTable *client_table_free(ClientTable *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(ClientTable *, client_table_free);

/* A new connection, whose fd stays the caller's and open until it is removed. */
int client_table_add(ClientTable *t, const ClientKey *key, int fd, uint64_t now, Client **ret);
void client_table_remove(ClientTable *t, Client *c);
/* A request was answered; the time of the next one begins. */
void client_table_answered(Client *c, uint64_t now);
/* Shuts down what has had its time. Returns when there is something to do next, UINT64_MAX: never. */
uint64_t client_table_expire(ClientTable *t, uint64_t now);
