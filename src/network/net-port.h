/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-address.h"
#include "shared/json-table.h"

/* Ports of the host that lead into a pod. */

typedef struct NetPort {
        char *name;
        char *protocol;      /* "tcp", "udp", "sctp" */
        char *host_ip;       /* NULL: every address of the host */
        uint32_t host_port;
        uint32_t port;       /* in the pod */
        uint32_t count;      /* number of consecutive ports */
} NetPort;

extern const JsonField net_port_table[];
extern const JsonType net_ports_type; /* NetPort *, size_t */
void net_ports_free(NetPort *ports, size_t n);

/* Whether a packet could match both. "0.0.0.0" and "::" stand for all addresses of a family. */
bool net_ports_overlap(const NetPort *a, const NetPort *b);
/* "tcp port 127.0.0.1:8080", "udp ports 5000-5010" */
char *net_port_describe(const NetPort *p);

/* The ports of the host that a running pod has: a file in the directory of claims, named after the pod's UUID and
 * locked by the pod like a lease. */
typedef struct NetClaim {
        char *uuid;
        char *pod;        /* its name */
        char *address;    /* where its ports lead; NULL until that is known */
        char *address6;
        NetPort *ports;
        size_t n_ports;
} NetClaim;

void net_claim_done(NetClaim *c);
int net_claim_read(int dir_fd, const char *uuid, NetClaim *ret);
/* Writes to a file whose lock the caller holds. */
int net_claim_write(int fd, const NetClaim *c);
/* Locks the pod's own file. */
int net_claim_lock(int dir_fd, const char *uuid);
bool net_claim_is_held(int dir_fd, const char *uuid);
