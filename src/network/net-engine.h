/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <net/if.h>

#include "network/net-subnet.h"

/* The part that talks to the kernel: links and routes over libnl, rules over libnftables. It is a separate module,
 * PKGLIBDIR/network.so, which is loaded when a pod's network is set up or taken down: these libraries take a
 * millisecond to load, and most runs of podctl do not need them. */

/* One network of a pod: a veth pair whose inner end has an address of its own and a route to its gateway, which is the
 * outer end. There is no bridge, and so no limit of 1023 ports and no flooding of packets. */
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
        uint32_t group;         /* of the outer end; 0: none */
} NetLink;

void net_link_done(NetLink *l);
/* Pure: plans the link of a pod that has address number index of the subnet, on interface pod_name. */
int net_link_plan(const NetSubnet *subnet, uint32_t index, const char *uuid, size_t number, const char *pod_name,
                  const char *pod, bool default_route, NetLink *ret);

typedef struct NetEngine {
        /* Lists the routes of the main table, except those on the links of pods' native networks. */
        int (*list_routes)(NetRoutes *ret, char **reterr_message);
        /* Adds a link between the network namespaces; when this returns, the inner end is up, with its addresses and
         * routes. */
        int (*add_link)(const NetLink *link, int host_ns, int pod_ns, char **reterr_message);
        /* Adds a link that leads nowhere, with this name and these addresses, in the current network namespace. */
        int (*add_stand_in)(const char *name, const NetAddress *addresses, const unsigned *lengths, size_t n,
                            char **reterr_message);
        /* Succeeds if there is no such link. */
        int (*remove_link)(const char *name, char **reterr_message);
        /* Finds the host's link that leads to an address of a pod. -ENETUNREACH: no link does, or only the one with the
         * default route, over which the host cannot reach pods that share that link (macvlan). */
        int (*link_towards)(const NetAddress *address, char ret_name[static IF_NAMESIZE]);
        /* Lets answers to the host's own ::1 come in through this link: IPv6 has no route_localnet, but a route has the
         * same effect. */
        int (*route_localhost6)(const char *name, char **reterr_message);
        /* Brings up "lo" in the current network namespace. */
        int (*raise_loopback)(char **reterr_message);
        bool (*table_exists)(void);
        /* Applies all of the rules or none. */
        int (*run_rules)(const char *text, char **reterr_message);
} NetEngine;

/* The symbol in the module. */
extern const NetEngine net_engine;

int net_engine_load(const NetEngine **ret, char **reterr_message);
