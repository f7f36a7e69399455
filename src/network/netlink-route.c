/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <net/if.h>
#include <netlink/msg.h>
#include <sys/ioctl.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "network/net-rules.h"
#include "network/netlink-internal.h"
#include "network/netlink-route.h"
#include "shared/explain.h"

int netlink_explain(char **reterr_message, int error, const char *what, const char *name)
{
        return explain(reterr_message, error == -NLE_EXIST ? EEXIST : EIO, "cannot %s %s: %s", what, name,
                       nl_geterror(error));
}

int netlink_open(struct nl_sock **ret)
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *s = nl_socket_alloc();

        if (!s || nl_connect(s, NETLINK_ROUTE) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(s);
        return 0;
}

struct nl_addr *netlink_address(const NetAddress *a, unsigned length)
{
        struct nl_addr *n = nl_addr_build(a->family, a->bytes, net_address_bits(a) / 8);

        if (n)
                nl_addr_set_prefixlen(n, (int) length);
        return n;
}

/* The kernel looks for a route to ::1 on the link through which a packet came in (rt6_need_strict()), and drops the
 * packet if there is none. This adds that route; its metric leaves lo's own route first for everything else. A packet
 * that is already addressed to ::1 when it comes in is dropped long before, so the route does not expose the host. */
int netlink_route_localhost6(const char *name, char **reterr_message)
{
        _cleanup_(rtnl_route_cleanup) struct rtnl_route *route = rtnl_route_alloc();
        _cleanup_(nl_addr_cleanup) struct nl_addr *dst = netlink_address(&(NetAddress) { AF_INET6, { [15] = 1 } }, 128);
        _cleanup_(nl_sock_cleanup) struct nl_sock *s = NULL;
        unsigned index = if_nametoindex(name);
        struct rtnl_nexthop *hop;
        int r;

        if (index == 0)
                return -errno;
        if (!route || !dst)
                return -ENOMEM;
        r = netlink_open(&s);
        if (r < 0)
                return r;
        hop = rtnl_route_nh_alloc();
        if (!hop)
                return -ENOMEM;
        rtnl_route_nh_set_ifindex(hop, (int) index);
        rtnl_route_set_family(route, AF_INET6);
        (void) rtnl_route_set_type(route, RTN_LOCAL);
        rtnl_route_set_table(route, RT_TABLE_LOCAL);
        rtnl_route_set_priority(route, 2048);
        (void) rtnl_route_set_dst(route, dst);
        rtnl_route_add_nexthop(route, hop);
        r = rtnl_route_add(s, route, NLM_F_CREATE);
        return r < 0 && r != -NLE_EXIST ? netlink_explain(reterr_message, r, "add a route to ::1 on", name) : 0;
}

static uint32_t mtu_of(int index)
{
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {};

        if (fd < 0 || !if_indextoname((unsigned) index, request.ifr_name) || ioctl(fd, SIOCGIFMTU, &request) < 0)
                return 0;
        return (uint32_t) MIN(MAX(request.ifr_mtu, 1280), 65535);
}

static void add_route_of_host(struct rtnl_route *route, NetRoutes *routes)
{
        struct nl_addr *dst = rtnl_route_get_dst(route);
        struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);
        char name[IF_NAMESIZE] = "";
        NetPrefix *grown, *p;

        if (!dst || rtnl_route_get_table(route) != RT_TABLE_MAIN || rtnl_route_get_type(route) != RTN_UNICAST)
                return;
        if (hop)
                (void) if_indextoname((unsigned) rtnl_route_nh_get_ifindex(hop), name);
        if (startswith(name, NET_LINK_PREFIX))
                return;
        grown = reallocarray(routes->items, routes->n + 1, sizeof(NetPrefix));
        if (!grown)
                return;

        routes->items = grown;
        p = &grown[routes->n++];
        *p = (NetPrefix) { { .family = rtnl_route_get_family(route) }, nl_addr_get_prefixlen(dst) };
        memcpy(p->address.bytes, nl_addr_get_binary_addr(dst), MIN(nl_addr_get_len(dst), 16U));
        if (p->length == 0 && hop && routes->mtu == 0)
                routes->mtu = mtu_of(rtnl_route_nh_get_ifindex(hop));
}

int netlink_list_routes(NetRoutes *ret, char **reterr_message)
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *s = NULL;
        _cleanup_(nl_cache_cleanup) struct nl_cache *cache = NULL;
        int r;

        r = netlink_open(&s);
        if (r < 0)
                return r;
        r = rtnl_route_alloc_cache(s, AF_UNSPEC, 0, &cache);
        if (r < 0)
                return netlink_explain(reterr_message, r, "list", "the host's routes");
        for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o))
                add_route_of_host((struct rtnl_route *) o, ret);
        return 0;
}

/* Whether the default route goes through this link. */
static int is_default_link(struct nl_sock *s, int index)
{
        _cleanup_(nl_cache_cleanup) struct nl_cache *cache = NULL;
        int r = rtnl_route_alloc_cache(s, AF_INET, 0, &cache);

        if (r < 0)
                return r;
        for (struct nl_object *o = nl_cache_get_first(cache); o; o = nl_cache_get_next(o)) {
                struct rtnl_route *route = (struct rtnl_route *) o;
                struct nl_addr *dst = rtnl_route_get_dst(route);
                struct rtnl_nexthop *hop = rtnl_route_nexthop_n(route, 0);

                if (dst && hop && nl_addr_get_prefixlen(dst) == 0 && rtnl_route_get_table(route) == RT_TABLE_MAIN &&
                    rtnl_route_nh_get_ifindex(hop) == index)
                        return true;
        }
        return false;
}

static int take_index(struct nl_msg *m, void *userdata)
{
        struct nlattr *a = nlmsg_find_attr(nlmsg_hdr(m), sizeof(struct rtmsg), RTA_OIF);

        if (a)
                *(int *) userdata = (int) nla_get_u32(a);
        return NL_OK;
}

static int ask_for_route(struct nl_sock *s, const NetAddress *address, int *ret_index)
{
        struct rtmsg header = { .rtm_family = (unsigned char) address->family,
                                .rtm_dst_len = (unsigned char) net_address_bits(address) };
        _cleanup_(nl_msg_cleanup) struct nl_msg *m = nlmsg_alloc_simple(RTM_GETROUTE, 0);
        int r;

        if (!m)
                return -NLE_NOMEM;
        r = nlmsg_append(m, &header, sizeof(header), NLMSG_ALIGNTO);
        if (r < 0)
                return r;
        r = nla_put(m, RTA_DST, (int) net_address_bits(address) / 8, address->bytes);
        if (r < 0)
                return r;
        r = nl_socket_modify_cb(s, NL_CB_VALID, NL_CB_CUSTOM, take_index, ret_index);
        if (r < 0)
                return r;
        r = nl_send_auto(s, m);
        return r < 0 ? r : nl_wait_for_ack(s);
}

int netlink_link_towards(const NetAddress *address, char ret_name[static IF_NAMESIZE])
{
        _cleanup_(nl_sock_cleanup) struct nl_sock *question = NULL, *s = NULL;
        int index = 0, r;

        r = netlink_open(&question);
        if (r < 0)
                return r;
        r = netlink_open(&s);
        if (r < 0)
                return r;
        if (ask_for_route(question, address, &index) < 0 || index <= 1 || is_default_link(s, index) != 0)
                return -ENETUNREACH;
        return if_indextoname((unsigned) index, ret_name) ? 0 : -errno;
}
