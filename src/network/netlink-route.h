/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network/net-engine.h"

/* The host's routes over libnl-route (NetEngine). */

int netlink_list_routes(NetRoutes *ret, char **reterr_message);
int netlink_route_localhost6(const char *name, char **reterr_message);
int netlink_link_towards(const NetAddress *address, char ret_name[static IF_NAMESIZE]);
