/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "network/net-engine.h"
#include "network/net-rules.h"
#include "shared/module.h"

/* NULL unless the engine is linked into the program, as it is into tests. Then no module is loaded. */
extern const NetEngine net_engine __attribute__((weak));

int net_engine_load(const NetEngine **ret, char **reterr_message)
{
        return module_find("network", net_engine, ret, reterr_message);
}

void net_link_done(NetLink *l)
{
        free(l->alias);
}

int net_link_plan(const NetSubnet *subnet, uint32_t index, const char *uuid, size_t number, const char *pod_name,
                  const char *pod, bool default_route, NetLink *ret)
{
        NetLink l = {
                .mtu = subnet->mtu,
                .subnet = subnet->subnet,
                .subnet6 = subnet->subnet6,
                .default_route = default_route && !subnet->restricted,
                .group = subnet->group,
        };

        (void) snprintf(l.pod_name, sizeof(l.pod_name), "%s", pod_name);
        if (number == 0)
                (void) snprintf(l.host_name, sizeof(l.host_name), NET_LINK_PREFIX "%.8s", uuid);
        else
                (void) snprintf(l.host_name, sizeof(l.host_name), NET_LINK_PREFIX "%.8s.%u", uuid,
                                (unsigned) number % 100);
        net_prefix_nth(&l.subnet, index, &l.address);
        net_prefix_nth(&l.subnet, 1, &l.gateway);
        if (net_address_is_set(&l.subnet6.address)) {
                net_prefix_nth(&l.subnet6, index, &l.address6);
                net_prefix_nth(&l.subnet6, 1, &l.gateway6);
        }
        l.alias = strprintf("podctl %s", pod);
        if (!l.alias)
                return -ENOMEM;
        *ret = l;
        return 0;
}
