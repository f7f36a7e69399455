/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-config.h"

/* The subnets and settings that a native network has on this host, for as long as it has pods: kept in its directory,
 * file "subnet", and chosen again when the next pod joins after that. */
typedef struct NetSubnet {
        char *subnet_text;
        char *subnet6_text; /* NULL: no IPv6 */
        NetPrefix subnet;
        NetPrefix subnet6;
        uint32_t mtu;
        bool masquerade;
        bool restricted;    /* pods reach only the host and each other */
        uint32_t group;     /* of its links on the host, if the network is isolated, see net-rules.h; 0: it is not */
} NetSubnet;

void net_subnet_done(NetSubnet *s);
/* -ENOENT: nothing is recorded. */
int net_subnet_read(int dir_fd, NetSubnet *ret);
int net_subnet_write(int dir_fd, const NetSubnet *s);

/* The subnets that are taken: the host's routes, and podctl's other networks. */
typedef struct NetRoutes {
        NetPrefix *items;
        size_t n;
        uint32_t mtu; /* of the default route, 0 when there is none */
} NetRoutes;

/* What was chosen before (net-memory.h). */
typedef struct NetMemory {
        NetPrefix subnet, subnet6; /* of this network; unset: nothing is remembered */
        NetPrefix *others;         /* of others, which keep them as long as there is another choice */
        size_t n_others;
} NetMemory;

/* Pure. machine_id makes the IPv6 prefix the host's own (RFC 4193); NULL: no IPv6. -EADDRNOTAVAIL: all candidates
 * overlap a subnet that is taken. */
int net_subnet_choose(const char *network, const NetNative *conf, const NetRoutes *taken, const NetMemory *memory,
                      const char *machine_id, NetSubnet *ret);
/* Whether the recorded subnet matches the configuration. */
bool net_subnet_fits(const NetSubnet *s, const NetNative *conf);
