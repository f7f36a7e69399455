/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <linux/pkt_sched.h>
#include <net/if.h>
#include <netlink/route/link/veth.h>
#include <netlink/route/qdisc/tbf.h>
#include <netlink/route/tc.h>
#include <sched.h>

#include "basic/string-util.h"
#include "network/net-rules.h"
#include "network/net-sysctl.h"
#include "network/netlink-internal.h"
#include "network/netlink-link.h"
#include "shared/explain.h"

/* A netlink socket belongs to the network namespace in which it was opened. */
static int open_socket_in(int ns, struct nl_sock **ret)
{
        if (setns(ns, CLONE_NEWNET) < 0)
                return -errno;
        return netlink_open(ret);
}

/* Sets a locally administered address, so that udev does not give the link another one after the pod has seen this
 * one. */
static int set_hardware_address(struct rtnl_link *link, uint8_t side, const NetAddress *address)
{
        uint8_t mac[6] = { 0x02, side, address->bytes[0], address->bytes[1], address->bytes[2], address->bytes[3] };
        _cleanup_(nl_addr_cleanup) struct nl_addr *a = nl_addr_build(AF_LLC, mac, sizeof(mac));

        if (!a)
                return -ENOMEM;
        rtnl_link_set_addr(link, a);
        return 0;
}

/* Makes each end of the pair in its final namespace: moving a link between namespaces afterwards takes the kernel many
 * milliseconds. */
static int add_pair(struct nl_sock *host, const NetLink *l, int pod_ns, char **reterr_message)
{
        _cleanup_(rtnl_link_cleanup) struct rtnl_link *inner = rtnl_link_veth_alloc(), *outer = NULL;
        int r;

        if (!inner)
                return -ENOMEM;
        outer = rtnl_link_veth_get_peer(inner);
        rtnl_link_set_name(inner, l->pod_name);
        rtnl_link_set_name(outer, l->host_name);
        rtnl_link_set_mtu(inner, l->mtu);
        rtnl_link_set_mtu(outer, l->mtu);
        rtnl_link_set_ns_fd(inner, pod_ns);
        r = set_hardware_address(inner, 0x70, &l->address);
        if (r < 0)
                return r;
        r = set_hardware_address(outer, 0x71, &l->address);
        if (r < 0)
                return r;
        rtnl_link_set_flags(inner, IFF_UP);
        r = rtnl_link_add(host, inner, NLM_F_CREATE | NLM_F_EXCL);
        return r < 0 ? netlink_explain(reterr_message, r, "make link", l->host_name) : 0;
}

/* libnl passes a group on only with the request to make a link, which changes a link that is there already; and not for
 * the other end of a pair. */
static int set_group(struct nl_sock *s, int index, const NetLink *l, char **reterr_message)
{
        _cleanup_(rtnl_link_cleanup) struct rtnl_link *change = l->group > 0 ? rtnl_link_alloc() : NULL;
        int r;

        if (l->group == 0)
                return 0;
        if (!change)
                return -ENOMEM;
        rtnl_link_set_ifindex(change, index);
        rtnl_link_set_group(change, l->group);
        r = rtnl_link_add(s, change, 0);
        return r < 0 ? netlink_explain(reterr_message, r, "set the group of link", l->host_name) : 0;
}

static int raise_link(struct nl_sock *s, int index, const char *alias, char **reterr_message)
{
        _cleanup_(rtnl_link_cleanup) struct rtnl_link *which = rtnl_link_alloc(), *change = rtnl_link_alloc();
        int r;

        if (!which || !change)
                return -ENOMEM;
        rtnl_link_set_ifindex(which, index);
        rtnl_link_set_flags(change, IFF_UP);
        if (alias)
                rtnl_link_set_ifalias(change, alias);
        r = rtnl_link_change(s, which, change, 0);
        return r < 0 ? netlink_explain(reterr_message, r, "raise link", strempty(alias)) : 0;
}

static int add_address(struct nl_sock *s, int index, const NetAddress *address, unsigned length, char **reterr_message)
{
        _cleanup_(rtnl_addr_cleanup) struct rtnl_addr *a = rtnl_addr_alloc();
        _cleanup_(nl_addr_cleanup) struct nl_addr *local = NULL;
        int r;

        if (!net_address_is_set(address))
                return 0;
        local = netlink_address(address, length);
        if (!a || !local)
                return -ENOMEM;
        rtnl_addr_set_ifindex(a, index);
        (void) rtnl_addr_set_local(a, local);
        /* No other host is on the link, so duplicate address detection is not needed, and the address is usable at
         * once. */
        if (address->family == AF_INET6)
                rtnl_addr_set_flags(a, IFA_F_NODAD);
        r = rtnl_addr_add(s, a, NLM_F_REPLACE);
        return r < 0 ? netlink_explain(reterr_message, r, "add address", NET_ADDRESS(address)) : 0;
}

/* gateway NULL: directly on the link. source NULL: the kernel chooses. */
static int add_route(struct nl_sock *s, int index, const NetPrefix *to, const NetAddress *gateway,
                     const NetAddress *source, char **reterr_message)
{
        _cleanup_(nl_addr_cleanup) struct nl_addr *dst = netlink_address(&to->address, to->length),
                                                  *via = NULL, *from = NULL;
        _cleanup_(rtnl_route_cleanup) struct rtnl_route *route = rtnl_route_alloc();
        struct rtnl_nexthop *hop = dst && route ? rtnl_route_nh_alloc() : NULL;
        int r;

        if (!hop)
                return -ENOMEM;
        rtnl_route_nh_set_ifindex(hop, index);
        rtnl_route_set_family(route, (uint8_t) to->address.family);
        rtnl_route_set_scope(route, gateway || to->address.family == AF_INET6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK);
        (void) rtnl_route_set_dst(route, dst);
        if (gateway) {
                via = netlink_address(gateway, net_address_bits(gateway));
                rtnl_route_nh_set_gateway(hop, via);
        }
        if (source) {
                from = netlink_address(source, net_address_bits(source));
                (void) rtnl_route_set_pref_src(route, from);
        }
        rtnl_route_add_nexthop(route, hop);
        r = rtnl_route_add(s, route, NLM_F_CREATE | NLM_F_REPLACE);
        return r < 0 ? netlink_explain(reterr_message, r, "add route to", NET_PREFIX(to)) : 0;
}

/* How much may leave the link at once, and how long the rest may wait: a packet of the maximum size, and a short
 * queue. */
#define BURST_BYTES (64 * 1024)
#define LATENCY_USEC 50000

/* tc-tbf(8) */
static int add_bucket(struct nl_sock *s, struct rtnl_qdisc *q, int index, uint64_t bandwidth)
{
        int r;

        rtnl_tc_set_ifindex(TC_CAST(q), index);
        rtnl_tc_set_parent(TC_CAST(q), TC_H_ROOT);
        r = rtnl_tc_set_kind(TC_CAST(q), "tbf");
        if (r < 0)
                return r;
        rtnl_qdisc_tbf_set_rate(q, (int) MIN(bandwidth, (uint64_t) INT_MAX), BURST_BYTES, 0);
        r = rtnl_qdisc_tbf_set_limit_by_latency(q, LATENCY_USEC);
        return r < 0 ? r : rtnl_qdisc_add(s, q, NLM_F_CREATE | NLM_F_EXCL);
}

static int limit_link(struct nl_sock *s, int index, const NetLink *l, char **reterr_message)
{
        _cleanup_(rtnl_qdisc_cleanup) struct rtnl_qdisc *q = NULL;
        int r;

        if (l->bandwidth == 0)
                return 0;
        q = rtnl_qdisc_alloc();
        if (!q)
                return -ENOMEM;
        r = add_bucket(s, q, index, l->bandwidth);
        return r < 0 ? netlink_explain(reterr_message, r, "limit the bandwidth of link", l->host_name) : 0;
}

static int set_up_outer(struct nl_sock *s, int index, const NetLink *l, const NetAddress *address,
                        const NetAddress *gateway, char **reterr_message)
{
        NetPrefix pod = { *address, net_address_bits(address) };
        int r;

        if (!net_address_is_set(address))
                return 0;
        r = add_address(s, index, gateway, net_address_bits(gateway), reterr_message);
        return r < 0 ? r : add_route(s, index, &pod, NULL, gateway, reterr_message);
}

static int set_up_inner(struct nl_sock *s, int index, const NetLink *l, const NetPrefix *subnet,
                        const NetAddress *address, const NetAddress *gateway, char **reterr_message)
{
        NetPrefix hop = { *gateway, net_address_bits(gateway) }, everything = { { .family = gateway->family }, 0 };
        int r;

        if (!net_address_is_set(address))
                return 0;
        r = add_address(s, index, address, net_address_bits(address), reterr_message);
        if (r < 0)
                return r;
        r = add_route(s, index, &hop, NULL, address, reterr_message);
        if (r < 0)
                return r;
        r = add_route(s, index, subnet, gateway, address, reterr_message);
        if (r < 0)
                return r;
        if (l->default_route)
                r = add_route(s, index, &everything, gateway, address, reterr_message);
        return r;
}

static int index_of(const char *name)
{
        unsigned index = if_nametoindex(name);

        return index == 0 ? -errno : (int) index;
}

int netlink_add_link(const NetLink *l, int host_ns, int pod_ns, char **reterr_message)
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *host = NULL, *pod = NULL;
        int inner, outer, r;

        r = open_socket_in(host_ns, &host);
        if (r < 0)
                return r;
        r = add_pair(host, l, pod_ns, reterr_message);
        if (r < 0)
                return r;
        outer = index_of(l->host_name);
        if (outer < 0)
                return outer;
        net_sysctl_of_link(l->host_name);
        /* Before the link is up: no packet passes that is not told apart. */
        r = set_group(host, outer, l, reterr_message);
        if (r < 0)
                return r;
        r = raise_link(host, outer, l->alias, reterr_message);
        if (r < 0)
                return r;
        r = limit_link(host, outer, l, reterr_message);
        if (r < 0)
                return r;
        r = set_up_outer(host, outer, l, &l->address, &l->gateway, reterr_message);
        if (r < 0)
                return r;
        r = set_up_outer(host, outer, l, &l->address6, &l->gateway6, reterr_message);
        if (r < 0)
                return r;

        r = open_socket_in(pod_ns, &pod);
        if (r < 0)
                return r;
        inner = index_of(l->pod_name);
        if (inner < 0)
                return inner;
        r = limit_link(pod, inner, l, reterr_message);
        if (r < 0)
                return r;
        r = set_up_inner(pod, inner, l, &l->subnet, &l->address, &l->gateway, reterr_message);
        return r < 0 ? r : set_up_inner(pod, inner, l, &l->subnet6, &l->address6, &l->gateway6, reterr_message);
}

int netlink_remove_link(const char *name, char **reterr_message)
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *s = NULL;
        _cleanup_(rtnl_link_cleanup) struct rtnl_link *link = NULL;
        int r;

        if (if_nametoindex(name) == 0)
                return 0;
        r = netlink_open(&s);
        if (r < 0)
                return r;
        link = rtnl_link_alloc();
        if (!link)
                return -ENOMEM;
        rtnl_link_set_name(link, name);
        r = rtnl_link_delete(s, link);
        /* The kernel removes the link together with the namespace of its other end, and may have been faster. */
        if (r >= 0 || r == -NLE_NODEV || r == -NLE_OBJ_NOTFOUND)
                return 0;
        return netlink_explain(reterr_message, r, "remove link", name);
}

int netlink_raise_loopback(char **reterr_message)
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *s = NULL;
        int r = netlink_open(&s);

        return r < 0 ? r : raise_link(s, 1, NULL, reterr_message);
}

int netlink_add_stand_in(const char *name, const NetAddress *addresses, const unsigned *lengths, size_t n,
                         char **reterr_message)
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *s = NULL;
        _cleanup_(rtnl_link_cleanup) struct rtnl_link *link = rtnl_link_veth_alloc();
        int r = netlink_open(&s), index;

        if (r < 0 || !link)
                return r < 0 ? r : -ENOMEM;
        rtnl_link_set_name(link, name);
        r = rtnl_link_add(s, link, NLM_F_CREATE | NLM_F_EXCL);
        if (r < 0)
                return netlink_explain(reterr_message, r, "make link", name);
        index = index_of(name);
        r = MIN(index, 0);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                r = add_address(s, index, &addresses[i], lengths[i], reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}
