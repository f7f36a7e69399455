/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <arpa/inet.h>

#include "basic/macro.h"

/* IP addresses and subnets of either family, and arithmetic with them. */

typedef struct NetAddress {
        int family; /* AF_INET, AF_INET6; AF_UNSPEC: none */
        uint8_t bytes[16];
} NetAddress;

typedef struct NetPrefix {
        NetAddress address; /* all bits after the length are zero */
        unsigned length;
} NetPrefix;

#define NET_ADDRESS_MAX INET6_ADDRSTRLEN
#define NET_PREFIX_MAX (INET6_ADDRSTRLEN + 4)

/* -EINVAL: not a valid address. */
int net_address_parse(const char *s, NetAddress *ret);
const char *net_address_format(const NetAddress *a, char buffer[static NET_ADDRESS_MAX]);
#define NET_ADDRESS(a) net_address_format((a), (char[NET_ADDRESS_MAX]){})
bool net_address_equal(const NetAddress *a, const NetAddress *b);
static inline bool net_address_is_set(const NetAddress *a)
{
        return a->family != AF_UNSPEC;
}
bool net_address_is_loopback(const NetAddress *a);
static inline unsigned net_address_bits(const NetAddress *a)
{
        return a->family == AF_INET ? 32 : 128;
}

/* "10.1.0.0/16". -EINVAL: not a valid subnet, or bits are set after its length. */
int net_prefix_parse(const char *s, NetPrefix *ret);
const char *net_prefix_format(const NetPrefix *p, char buffer[static NET_PREFIX_MAX]);
#define NET_PREFIX(p) net_prefix_format((p), (char[NET_PREFIX_MAX]){})
bool net_prefix_contains(const NetPrefix *p, const NetAddress *a);
bool net_prefix_overlaps(const NetPrefix *a, const NetPrefix *b);

/* The number of addresses in a subnet, of which at most 2^20 are used; the address with a number; and the number of an
 * address. Number 0 is the subnet itself. */
uint32_t net_prefix_size(const NetPrefix *p);
void net_prefix_nth(const NetPrefix *p, uint32_t n, NetAddress *ret);
uint32_t net_prefix_index(const NetPrefix *p, const NetAddress *a);
