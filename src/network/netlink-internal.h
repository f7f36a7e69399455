/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/route/addr.h>
#include <netlink/route/link.h>
#include <netlink/route/qdisc.h>
#include <netlink/route/route.h>

#include "network/net-address.h"

/* Declarations that the files that use libnl share. */

#define NETLINK_CLEANUP(type, function)                                                                        \
        static inline void type##_cleanup(struct type **p)                                                     \
        {                                                                                                      \
                if (*p)                                                                                        \
                        function(*p);                                                                          \
        }

NETLINK_CLEANUP(nl_sock, nl_socket_free)
NETLINK_CLEANUP(nl_msg, nlmsg_free)
NETLINK_CLEANUP(nl_addr, nl_addr_put)
NETLINK_CLEANUP(nl_cache, nl_cache_free)
NETLINK_CLEANUP(rtnl_link, rtnl_link_put)
NETLINK_CLEANUP(rtnl_addr, rtnl_addr_put)
NETLINK_CLEANUP(rtnl_route, rtnl_route_put)
NETLINK_CLEANUP(rtnl_qdisc, rtnl_qdisc_put)

/* Opens a socket in the current network namespace. */
int netlink_open(struct nl_sock **ret);
/* libnl has error numbers of its own, and texts for them. */
int netlink_explain(char **reterr_message, int error, const char *what, const char *name);
struct nl_addr *netlink_address(const NetAddress *a, unsigned length);
