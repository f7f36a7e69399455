/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-summary.h"

void net_summary_done(NetSummary *s)
{
        free(s->type);
        strv_free(s->plugins);
        strv_free(s->subnets);
        strv_free(s->gateways);
        free(s->link);
        *s = (NetSummary) {};
}

static const char *text_member(json_object *o, const char *name)
{
        json_object *value = json_member(o, name, json_type_string);

        return value ? json_object_get_string(value) : NULL;
}

static json_object *item(json_object *array, size_t i)
{
        return json_object_array_get_idx(array, i);
}

static size_t count(json_object *array)
{
        return array ? json_object_array_length(array) : 0;
}

/* A subnet with the host's address in it: the given one, or the first. */
static int add_subnet(NetSummary *s, const char *text, const char *gateway)
{
        NetAddress first;
        NetPrefix p;
        int r;

        if (!text)
                return 0;
        r = strv_extend(&s->subnets, text);
        if (r < 0)
                return r;
        if (gateway)
                return strv_extend(&s->gateways, gateway);
        if (net_prefix_parse(text, &p) < 0)
                return 0;
        net_prefix_nth(&p, 1, &first);
        return strv_extend(&s->gateways, NET_ADDRESS(&first));
}

static int read_native(json_object *conf, const NetSubnet *now, NetSummary *s)
{
        const NetJoin join = { .name = (char *) "", .conf = conf };
        NetNative n = {};
        int r = net_join_native(&join, &n, NULL);

        if (r < 0)
                return r;
        s->masquerade = now ? now->masquerade : tristate_or(n.masquerade, true);
        s->restricted = now ? now->restricted : !tristate_or(n.default_gateway, true);
        s->isolated = now ? now->group > 0 : tristate_or(n.isolate, false);
        s->mtu = now ? now->mtu : n.mtu;
        r = add_subnet(s, now ? now->subnet_text : n.subnet_text, NULL);
        if (r >= 0)
                r = add_subnet(s, now ? now->subnet6_text : n.subnet6_text, NULL);
        net_native_done(&n);
        return r;
}

/* host-local: "ranges", a list of lists, or a single "subnet". */
static int read_ranges(json_object *ipam, NetSummary *s)
{
        json_object *ranges = json_member(ipam, "ranges", json_type_array);
        int r = add_subnet(s, text_member(ipam, "subnet"), text_member(ipam, "gateway"));

        for (size_t i = 0; i < count(ranges); i++) {
                json_object *set = item(ranges, i);

                for (size_t k = 0; json_object_is_type(set, json_type_array) && k < count(set) && r >= 0; k++)
                        r = add_subnet(s, text_member(item(set, k), "subnet"), text_member(item(set, k), "gateway"));
        }
        return r;
}

/* static: "addresses" with their lengths, and perhaps gateways. */
static int read_addresses(json_object *ipam, NetSummary *s)
{
        json_object *addresses = json_member(ipam, "addresses", json_type_array);
        int r = 0;

        for (size_t i = 0; i < count(addresses) && r >= 0; i++) {
                const char *address = text_member(item(addresses, i), "address"),
                           *gateway = text_member(item(addresses, i), "gateway");

                if (address)
                        r = strv_extend(&s->subnets, address);
                if (r >= 0 && gateway)
                        r = strv_extend(&s->gateways, gateway);
        }
        return r;
}

static int read_plugin(json_object *plugin, NetSummary *s)
{
        static const char *const links[] = { "bridge", "master", "device" };
        json_object *ipam = json_member(plugin, "ipam", json_type_object),
                    *mtu = json_member(plugin, "mtu", json_type_int),
                    *masquerade = json_member(plugin, "ipMasq", json_type_boolean);
        int r;

        for (size_t i = 0; i < ELEMENTSOF(links) && !s->link; i++)
                if (text_member(plugin, links[i]) && !(s->link = strdup(text_member(plugin, links[i]))))
                        return -ENOMEM;
        /* The bridge plugin's default. */
        if (!s->link && streq(s->type, "bridge") && !(s->link = strdup("cni0")))
                return -ENOMEM;
        s->mtu = mtu ? (uint32_t) MAX(json_object_get_int(mtu), 0) : 0;
        s->masquerade = masquerade && json_object_get_boolean(masquerade);
        if (!ipam)
                return 0;
        r = read_ranges(ipam, s);
        return r < 0 ? r : read_addresses(ipam, s);
}

static int read_conf(json_object *conf, const NetSubnet *now, NetSummary *s)
{
        json_object *plugins = json_member(conf, "plugins", json_type_array);
        int r = 0;

        for (size_t i = 0; i < count(plugins) && r >= 0; i++)
                r = strv_extend(&s->plugins, strempty(text_member(item(plugins, i), "type")));
        if (r < 0)
                return r;
        s->type = strdup(s->plugins ? s->plugins[0] : "");
        if (!s->type)
                return -ENOMEM;
        s->native = streq(s->type, NET_NATIVE_TYPE);
        return s->native ? read_native(conf, now, s) : read_plugin(item(plugins, 0), s);
}

int net_summary_new(json_object *conf, const NetSubnet *now, NetSummary *ret)
{
        int r;

        *ret = (NetSummary) {};
        r = read_conf(conf, now, ret);
        if (r < 0)
                net_summary_done(ret);
        return r;
}
