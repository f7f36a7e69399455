/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <net/if.h>

#include "network/net-subnet.h"

/* What talks to the kernel: links and routes over libnl, rules over libnftables. It is a module of its own,
 * PKGLIBDIR/network.so, which is loaded when a pod's network is made or taken down: these libraries take a millisecond
 * to start, and most runs of podctl have no use for them. */

/* One network of a pod: a veth pair whose inner end has an address of its own and a route to its gateway, which is the
 * outer end. No bridge, so neither its limit of 1023 ports nor a flooded packet. */
typedef struct NetLink {
        char host_name[NET_INTERFACE_MAX + 1];
        char pod_name[NET_INTERFACE_MAX + 1];
        char *alias;            /* of the host's end, for people who look at it */
        uint32_t mtu;
        uint64_t bandwidth;     /* bytes a second at most, in either direction; 0: no limit */
        NetPrefix subnet;
        NetPrefix subnet6;      /* unset: no IPv6 */
        NetAddress address;
        NetAddress address6;
        NetAddress gateway;
        NetAddress gateway6;
        bool default_route;
} NetLink;

void net_link_done(NetLink *l);
/* Pure: number index of the subnet, on interface pod_name. */
int net_link_plan(const NetSubnet *subnet, uint32_t index, const char *uuid, size_t number, const char *pod_name,
                  const char *pod, bool default_route, NetLink *ret);

typedef struct NetEngine {
        /* Routes of the main table that are not ours. */
        int (*list_routes)(NetRoutes *ret, char **reterr_message);
        /* Between the network namespaces; the inner end is up, addressed and routed when this returns. */
        int (*add_link)(const NetLink *link, int host_ns, int pod_ns, char **reterr_message);
        /* A link of this name with these addresses in the namespace we are in, that leads nowhere. */
        int (*add_stand_in)(const char *name, const NetAddress *addresses, const unsigned *lengths, size_t n,
                            char **reterr_message);
        /* Success when it is not there. */
        int (*remove_link)(const char *name, char **reterr_message);
        /* The host's link that leads to an address of a pod. -ENETUNREACH: none does, or it is the one that leads to
         * the world, where the host itself does not get at what is behind the same link (macvlan). */
        int (*link_towards)(const NetAddress *address, char ret_name[static IF_NAMESIZE]);
        /* Answers to the host's own ::1 may come in through this link: IPv6 has no route_localnet, but takes a
         * route. */
        int (*route_localhost6)(const char *name, char **reterr_message);
        /* Brings up "lo" of the namespace we are in. */
        int (*raise_loopback)(char **reterr_message);
        bool (*table_exists)(void);
        /* All of it or nothing. */
        int (*run_rules)(const char *text, char **reterr_message);
} NetEngine;

/* The symbol in the module. */
extern const NetEngine net_engine;

int net_engine_load(const NetEngine **ret, char **reterr_message);
