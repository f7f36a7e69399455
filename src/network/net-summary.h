/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-subnet.h"

/* What there is to say about a network, whoever makes it: from its configuration, and for a native one that has pods,
 * from what it has on this host. Of CNI's plugins only what the plugins of its own project call the same everywhere
 * (cni.dev, "bridge", "macvlan", "ipvlan", "host-local", "static"); others have members that nobody else knows. */

typedef struct NetSummary {
        char *type;         /* of its first plugin */
        char **plugins;     /* the types of all */
        char **subnets;
        char **gateways;
        char *link;         /* of the host, that pods share: a bridge, or the master; NULL: none is named */
        uint32_t mtu;       /* 0: it follows from others */
        bool native;
        bool masquerade;
        bool restricted;    /* pods reach only the host and each other */
        bool isolated;
} NetSummary;

void net_summary_done(NetSummary *s);
/* Pure. conf is that of a NetDefinition; now is NULL if there are no pods. */
int net_summary_new(json_object *conf, const NetSubnet *now, NetSummary *ret);
