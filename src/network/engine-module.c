/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-filter.h"
#include "network/netlink-link.h"
#include "network/netlink-route.h"

/* The module's only symbol. */
__attribute__((visibility("default"))) const NetEngine net_engine = {
        .list_routes = netlink_list_routes,
        .add_link = netlink_add_link,
        .add_stand_in = netlink_add_stand_in,
        .remove_link = netlink_remove_link,
        .link_towards = netlink_link_towards,
        .route_localhost6 = netlink_route_localhost6,
        .raise_loopback = netlink_raise_loopback,
        .table_exists = net_filter_table_exists,
        .run_rules = net_filter_run,
};
