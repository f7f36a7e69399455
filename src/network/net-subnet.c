/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/digest.h"
#include "basic/fs.h"
#include "network/net-subnet.h"

static const JsonField subnet_table[] = {
        { "subnet", &json_string, offsetof(NetSubnet, subnet_text), JSON_MANDATORY },
        { "subnet6", &json_string, offsetof(NetSubnet, subnet6_text) },
        { "mtu", &json_uint32, offsetof(NetSubnet, mtu), JSON_MANDATORY },
        { "masquerade", &json_boolean, offsetof(NetSubnet, masquerade) },
        { "restricted", &json_boolean, offsetof(NetSubnet, restricted) },
        { "group", &json_uint32, offsetof(NetSubnet, group) },
        {},
};

void net_subnet_done(NetSubnet *s)
{
        json_table_free(subnet_table, s);
        *s = (NetSubnet) {};
}

static int read_subnet(int dir_fd, NetSubnet *ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(dir_fd, "subnet", &o, NULL);
        if (r < 0)
                return r;
        r = json_table_read(subnet_table, o, ret, NULL);
        if (r < 0)
                return r;
        r = net_prefix_parse(ret->subnet_text, &ret->subnet);
        if (r < 0 || !ret->subnet6_text)
                return r;
        return net_prefix_parse(ret->subnet6_text, &ret->subnet6);
}

int net_subnet_read(int dir_fd, NetSubnet *ret)
{
        int r = read_subnet(dir_fd, ret);

        if (r < 0)
                net_subnet_done(ret);
        return r;
}

int net_subnet_write(int dir_fd, const NetSubnet *s)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(subnet_table, s, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        return r < 0 ? r : write_string_at(dir_fd, "subnet", text, 0644);
}

/* /16s from the private ranges, the most widely used ones last (RFC 1918; then shared address space, RFC 6598, and
 * benchmarks, RFC 2544). */
static const struct {
        uint8_t first, second, last;
} candidates[] = {
        { 172, 16, 16 }, { 172, 21, 31 }, { 10, 128, 255 }, { 172, 17, 20 }, { 10, 0, 127 }, { 192, 168, 168 },
        { 100, 64, 127 }, { 198, 18, 19 },
};

static bool overlaps_any(const NetPrefix *p, const NetPrefix *others, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (net_prefix_overlaps(p, &others[i]))
                        return true;
        return false;
}

static bool is_taken(const NetPrefix *p, const NetRoutes *taken)
{
        /* The default route covers everything, so it does not count. */
        for (size_t i = 0; i < taken->n; i++)
                if (taken->items[i].length > 0 && net_prefix_overlaps(p, &taken->items[i]))
                        return true;
        return false;
}

static int choose4(const NetRoutes *taken, const NetMemory *m, size_t n_others, NetPrefix *ret)
{
        if (net_address_is_set(&m->subnet.address) && !is_taken(&m->subnet, taken)) {
                *ret = m->subnet;
                return 0;
        }
        for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                for (unsigned b = candidates[i].second; b <= candidates[i].last; b++) {
                        NetPrefix p = { { AF_INET, { candidates[i].first, (uint8_t) b } }, 16 };

                        if (!is_taken(&p, taken) && !overlaps_any(&p, m->others, n_others)) {
                                *ret = p;
                                return 0;
                        }
                }
        return -EADDRNOTAVAIL;
}

static uint8_t hex_byte(const char *hex)
{
        char two[3] = { hex[0], hex[1], 0 };

        return (uint8_t) strtoul(two, NULL, 16);
}

/* fdGG:GGGG:GGGG:NNNN::/64, where G is from a hash of the host and N from one of the network. */
static int choose6(const char *network, const NetRoutes *taken, const NetMemory *m, const char *machine_id,
                   NetPrefix *ret)
{
        if (net_address_is_set(&m->subnet6.address) && !is_taken(&m->subnet6, taken)) {
                *ret = m->subnet6;
                return 0;
        }
        for (unsigned attempt = 0; attempt < 16; attempt++) {
                _cleanup_free_ char *host = strprintf("podctl %s %u", machine_id, attempt),
                                    *net = strprintf("%s %u", network, attempt);
                NetPrefix p = { { AF_INET6, { 0xfd } }, 64 };
                Digest global, subnet;
                int r;

                if (!host || !net)
                        return -ENOMEM;
                r = digest_of_memory(DIGEST_SHA256, host, strlen(host), &global);
                if (r < 0)
                        return r;
                r = digest_of_memory(DIGEST_SHA256, net, strlen(net), &subnet);
                if (r < 0)
                        return r;
                for (unsigned i = 0; i < 5; i++)
                        p.address.bytes[1 + i] = hex_byte(global.hex + 2 * i);
                for (unsigned i = 0; i < 2; i++)
                        p.address.bytes[6 + i] = hex_byte(subnet.hex + 2 * i);
                if (!is_taken(&p, taken) && !overlaps_any(&p, m->others, m->n_others)) {
                        *ret = p;
                        return 0;
                }
        }
        return -EADDRNOTAVAIL;
}

/* A number for the links of an isolated network, from its name: not those that people give, which are small, and none
 * that the kernel takes for a negative one. */
static int choose_group(const char *network, uint32_t *ret)
{
        Digest digest;
        int r = digest_of_memory(DIGEST_SHA256, network, strlen(network), &digest);

        if (r < 0)
                return r;
        *ret = 0x40000000;
        for (unsigned i = 0; i < 4; i++)
                *ret |= (uint32_t) hex_byte(digest.hex + 2 * i) << (8 * i) & 0x3fffffff;
        return 0;
}

int net_subnet_choose(const char *network, const NetNative *conf, const NetRoutes *taken, const NetMemory *memory,
                      const char *machine_id, NetSubnet *ret)
{
        NetSubnet s = {
                .subnet = conf->subnet,
                .subnet6 = conf->subnet6,
                .mtu = conf->mtu ?: taken->mtu ?: 1500,
                .masquerade = tristate_or(conf->masquerade, true),
                .restricted = !tristate_or(conf->default_gateway, true),
        };
        int r;

        if (!conf->subnet_text) {
                r = choose4(taken, memory, memory->n_others, &s.subnet);
                if (r == -EADDRNOTAVAIL)
                        r = choose4(taken, memory, 0, &s.subnet);
                if (r < 0)
                        return r;
        }
        if (!machine_id || !tristate_or(conf->ipv6, true))
                s.subnet6 = (NetPrefix) {};
        else if (!conf->subnet6_text) {
                r = choose6(network, taken, memory, machine_id, &s.subnet6);
                if (r < 0)
                        return r;
        }

        if (tristate_or(conf->isolate, false)) {
                r = choose_group(network, &s.group);
                if (r < 0)
                        return r;
        }
        s.subnet_text = strdup(NET_PREFIX(&s.subnet));
        if (!s.subnet_text ||
            (net_address_is_set(&s.subnet6.address) && !(s.subnet6_text = strdup(NET_PREFIX(&s.subnet6))))) {
                net_subnet_done(&s);
                return -ENOMEM;
        }
        *ret = s;
        return 0;
}

bool net_subnet_fits(const NetSubnet *s, const NetNative *conf)
{
        if (conf->subnet_text && !streq(conf->subnet_text, s->subnet_text))
                return false;
        if (conf->subnet6_text && s->subnet6_text && !streq(conf->subnet6_text, s->subnet6_text))
                return false;
        return s->masquerade == tristate_or(conf->masquerade, true) &&
               s->restricted == !tristate_or(conf->default_gateway, true) &&
               (s->group > 0) == tristate_or(conf->isolate, false);
}
