/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-port.h"
#include "network/net-subnet.h"

/* podctl's rules, as text for libnftables (libnftables(3), nft(8)). They are in one table of their own, and leave all
 * others alone. Pods only add elements to its sets and maps, so that a packet passes as many rules with a thousand pods
 * as with one. All functions are pure. */

#define NET_TABLE "podctl"
/* Links of native networks, on the host's side. */
#define NET_LINK_PREFIX "pod-"

/* Removes the table, whether or not it exists. */
#define NET_RULES_REMOVE_TABLE "table inet " NET_TABLE "\ndelete table inet " NET_TABLE "\n"
/* The contents of the whole table. net_rules_table() puts it in place of an existing one: each packet meets either the
 * old or the new table. */
typedef struct NetRules {
        const NetSubnet *subnets;
        size_t n_subnets;
        const NetClaim *claims;
        size_t n_claims;
        const char *resolver; /* the host's name server on loopback that pods may ask; NULL: none */
        /* There may be a table. The kernel makes whoever deleted something wait for a grace period of RCU, 6 to 36 ms,
         * when it closes its socket. */
        bool replace;
} NetRules;
int net_rules_table(const NetRules *rules, char **ret);
/* Elements of one network or one claim, to add to an existing table or to remove from it; empty when there are none. */
int net_rules_add_subnet(const NetSubnet *subnet, char **ret);
/* Succeeds where there are none, too. */
int net_rules_remove_subnet(const NetSubnet *subnet, char **ret);
int net_rules_add_claim(const NetClaim *claim, char **ret);
int net_rules_remove_claim(const NetClaim *claim, char **ret);
