/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-port.h"
#include "network/net-subnet.h"

/* podctl's rules, as text for libnftables (libnftables(3), nft(8)). One table, which nobody else touches and which
 * touches nobody else's; per pod there are only elements of its sets and maps, so that a packet's way is as long with
 * a thousand pods as with one. All of this is pure. */

#define NET_TABLE "podctl"
/* Links of native networks, on the host's side. */
#define NET_LINK_PREFIX "pod-"

/* Whether or not there is a table. */
#define NET_RULES_REMOVE_TABLE "table inet " NET_TABLE "\ndelete table inet " NET_TABLE "\n"
/* The whole table with all of this in it, in place of the one there may be: a packet meets either the one or the
 * other. */
typedef struct NetRules {
        const NetSubnet *subnets;
        size_t n_subnets;
        const NetClaim *claims;
        size_t n_claims;
        const char *resolver; /* the host's name server on loopback that pods may ask; NULL: none */
} NetRules;
int net_rules_table(const NetRules *rules, char **ret);
/* Elements of one network or one claim, to add to a table that is there; empty when there are none. */
int net_rules_add_subnet(const NetSubnet *subnet, char **ret);
int net_rules_add_claim(const NetClaim *claim, char **ret);
int net_rules_remove_claim(const NetClaim *claim, char **ret);
