/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-rules.h"

/* Priorities are numbers: nft 1.0.6 does not accept their names in every chain of an inet table. -300 is before
 * connection tracking (raw), -150 after it, -100 dstnat, 0 filter, 100 srcnat.
 *
 * - Loopback addresses stay on loopback. A packet with one that comes in through another link was sent to reach a port
 *   that is forwarded at 127.0.0.1 (addresses are translated before the kernel checks where the packet came from), or a
 *   program of the host that relies on being unreachable from outside (route_localnet, which forwarded ports need, lets
 *   such packets in).
 * - A pod sends only from addresses that the host routes to the pod's own link. Only packets in the direction that
 *   opened a connection are checked, after connection tracking: a pod in several networks answers through its default
 *   route, from any of its addresses.
 * - A name server on the host's loopback: pods ask their gateway instead, and the name server sees the host itself as
 *   the client, since many name servers answer no other.
 * - Ports: those of a single address of the host come first, then those of all its addresses. The output chain is for
 *   the host's own programs.
 * - Isolated networks: between two links of pods, where one is in the group of an isolated network, only packets pass
 *   whose other end is in that group, too. This is about links alone, and comes before the question of what a packet
 *   belongs to: addresses can be forged, those of answers too, and then a packet belongs to another's connection. Only
 *   the first packet of a connection is rejected, so that nobody is sent errors for what another has forged.
 * - Networks without a gateway: replies, packets within the subnet, and forwarded ports from outside; nothing else gets
 *   in or out, not even to another network's forwarded ports. The host's own packets do not pass the forward chain.
 * - Masquerading is not only for packets that leave the host: it is also needed for a pod that reaches itself through
 *   the host (hairpin), for programs of the host that connect from a loopback address, and for forwarded ports of
 *   networks whose pods have no route back. */
static const char table_text[] =
        "table inet " NET_TABLE " {\n"
        "        set masquerade4 { type ipv4_addr; flags interval; }\n"
        "        set masquerade6 { type ipv6_addr; flags interval; }\n"
        "        set restricted4 { type ipv4_addr; flags interval; }\n"
        "        set restricted6 { type ipv6_addr; flags interval; }\n"
        "        set within4 { type ipv4_addr . ipv4_addr; flags interval; }\n"
        "        set within6 { type ipv6_addr . ipv6_addr; flags interval; }\n"
        "        set isolated { type devgroup; }\n"
        "        set together { type devgroup . devgroup; }\n"
        "        set hairpin4 { type ipv4_addr . ipv4_addr; }\n"
        "        set hairpin6 { type ipv6_addr . ipv6_addr; }\n"
        "        map resolver4 { type inet_service : ipv4_addr; }\n"
        "        map ports4 { type inet_proto . inet_service : ipv4_addr . inet_service; }\n"
        "        map ports6 { type inet_proto . inet_service : ipv6_addr . inet_service; }\n"
        "        map ports4_at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }\n"
        "        map ports6_at { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }\n"
        "        chain raw {\n"
        "                type filter hook prerouting priority -300; policy accept;\n"
        "                iifname \"lo\" accept\n"
        "                ip daddr 127.0.0.0/8 drop\n"
        "                ip saddr 127.0.0.0/8 drop\n"
        "        }\n"
        "        chain sources {\n"
        "                type filter hook prerouting priority -150; policy accept;\n"
        "                iifname \"" NET_LINK_PREFIX "*\" ct direction original fib saddr . iif oif missing drop\n"
        "        }\n"
        "        chain prerouting {\n"
        "                type nat hook prerouting priority -100; policy accept;\n"
        "                fib daddr type local jump ports\n"
        "                iifname \"" NET_LINK_PREFIX "*\" ip saddr != @restricted4 fib daddr type local "
        "meta l4proto { tcp, udp } dnat ip to th dport map @resolver4\n"
        "        }\n"
        "        chain input {\n"
        "                type nat hook input priority 100; policy accept;\n"
        "                iifname \"" NET_LINK_PREFIX "*\" ct status dnat ip daddr 127.0.0.0/8 snat ip to 127.0.0.1\n"
        "        }\n"
        "        chain output {\n"
        "                type nat hook output priority -100; policy accept;\n"
        "                fib daddr type local jump ports\n"
        "        }\n"
        "        chain ports {\n"
        "                dnat ip to ip daddr . meta l4proto . th dport map @ports4_at\n"
        "                dnat ip6 to ip6 daddr . meta l4proto . th dport map @ports6_at\n"
        "                dnat ip to meta l4proto . th dport map @ports4\n"
        "                dnat ip6 to meta l4proto . th dport map @ports6\n"
        "        }\n"
        "        chain apart {\n"
        "                ct direction original reject\n"
        "                drop\n"
        "        }\n"
        "        chain between {\n"
        "                meta iifgroup . meta oifgroup @together return\n"
        "                meta iifgroup @isolated goto apart\n"
        "                meta oifgroup @isolated goto apart\n"
        "        }\n"
        "        chain forward {\n"
        "                type filter hook forward priority 0; policy accept;\n"
        "                iifname \"" NET_LINK_PREFIX "*\" oifname \"" NET_LINK_PREFIX "*\" jump between\n"
        "                ct state established,related accept\n"
        "                ip saddr . ip daddr @within4 accept\n"
        "                ip6 saddr . ip6 daddr @within6 accept\n"
        "                ip saddr @restricted4 reject\n"
        "                ip6 saddr @restricted6 reject\n"
        "                ct status dnat accept\n"
        "                ip daddr @restricted4 reject\n"
        "                ip6 daddr @restricted6 reject\n"
        "        }\n"
        "        chain postrouting {\n"
        "                type nat hook postrouting priority 100; policy accept;\n"
        "                ip saddr . ip daddr @hairpin4 masquerade\n"
        "                ip6 saddr . ip6 daddr @hairpin6 masquerade\n"
        "                ct status dnat ip saddr 127.0.0.0/8 oifname != \"lo\" masquerade\n"
        "                ct status dnat ip6 saddr ::1 oifname != \"lo\" masquerade\n"
        "                ct status dnat ip daddr @restricted4 masquerade\n"
        "                ct status dnat ip6 daddr @restricted6 masquerade\n"
        "                ip saddr @masquerade4 oifname != \"" NET_LINK_PREFIX "*\" masquerade\n"
        "                ip6 saddr @masquerade6 oifname != \"" NET_LINK_PREFIX "*\" masquerade\n"
        "        }\n"
        "}\n";

static void element(FILE *f, const char *verb, const char *set, const char *what)
{
        (void) fprintf(f, "%s element inet " NET_TABLE " %s { %s }\n", verb, set, what);
}

/* In the set of the family, "masquerade4" or "masquerade6". */
static void family_element(FILE *f, const char *verb, const char *set, char family, const char *what)
{
        const char name[] = { family, 0 };
        _cleanup_free_ char *whole = strjoin(set, name);

        element(f, verb, strempty(whole), what);
}

static void prefix_elements(FILE *f, const char *verb, const NetSubnet *s, const char *prefix, char family)
{
        _cleanup_free_ char *pair = NULL;

        if (!prefix || (!s->restricted && !s->masquerade))
                return;
        family_element(f, verb, s->restricted ? "restricted" : "masquerade", family, prefix);
        if (!s->restricted)
                return;
        pair = strjoin(prefix, " . ", prefix);
        family_element(f, verb, "within", family, strempty(pair));
}

static void group_elements(FILE *f, const char *verb, uint32_t group)
{
        _cleanup_free_ char *one = strprintf("%u", group), *pair = strprintf("%u . %u", group, group);

        if (group == 0)
                return;
        element(f, verb, "isolated", strempty(one));
        element(f, verb, "together", strempty(pair));
}

static void subnet_elements(FILE *f, const char *verb, const NetSubnet *s)
{
        group_elements(f, verb, s->group);
        prefix_elements(f, verb, s, s->subnet_text, '4');
        prefix_elements(f, verb, s, s->subnet6_text, '6');
}

/* To delete an element nft needs only the key; the rest does no harm, but has to be correct. */
static void port_elements(FILE *f, const char *verb, const NetPort *p, const char *address, char family)
{
        NetAddress host = {};
        bool at = p->host_ip && net_address_parse(p->host_ip, &host) >= 0 && !streq(p->host_ip, "0.0.0.0") &&
                  !streq(p->host_ip, "::");

        if (!address || (p->host_ip && (strchr(p->host_ip, ':') != NULL) != (family == '6')))
                return;
        (void) fprintf(f, "%s element inet " NET_TABLE " ports%c%s {", verb, family, at ? "_at" : "");
        for (uint32_t i = 0; i < p->count; i++)
                (void) fprintf(f, "%s %s%s%s . %u : %s . %u", i > 0 ? "," : "", at ? p->host_ip : "", at ? " . " : "",
                               p->protocol, p->host_port + i, address, p->port + i);
        (void) fputs(" }\n", f);
}

static void claim_elements(FILE *f, const char *verb, const NetClaim *c)
{
        const struct {
                const char *address;
                char family;
                const char *hairpin;
        } rows[] = { { c->address, '4', "hairpin4" }, { c->address6, '6', "hairpin6" } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *pair = NULL;

                if (!rows[i].address || c->n_ports == 0)
                        continue;
                pair = strjoin(rows[i].address, " . ", rows[i].address);
                element(f, verb, rows[i].hairpin, strempty(pair));
                for (size_t j = 0; j < c->n_ports; j++)
                        port_elements(f, verb, &c->ports[j], rows[i].address, rows[i].family);
        }
}

typedef struct Text {
        char *data;
        size_t size;
} Text;

static int text_finish(FILE *f, Text *t, char **ret)
{
        if (fclose(f) != 0) {
                free(t->data);
                return -ENOMEM;
        }
        *ret = t->data;
        return 0;
}

int net_rules_table(const NetRules *rules, char **ret)
{
        Text t = {};
        FILE *f = open_memstream(&t.data, &t.size);

        if (!f)
                return -ENOMEM;
        if (rules->replace)
                (void) fputs(NET_RULES_REMOVE_TABLE, f);
        (void) fputs(table_text, f);
        for (size_t i = 0; i < rules->n_subnets; i++)
                subnet_elements(f, "add", &rules->subnets[i]);
        for (size_t i = 0; i < rules->n_claims; i++)
                claim_elements(f, "add", &rules->claims[i]);
        if (rules->resolver)
                (void) fprintf(f, "add element inet " NET_TABLE " resolver4 { 53 : %s }\n", rules->resolver);
        return text_finish(f, &t, ret);
}

int net_rules_add_subnet(const NetSubnet *subnet, char **ret)
{
        Text t = {};
        FILE *f = open_memstream(&t.data, &t.size);

        if (!f)
                return -ENOMEM;
        subnet_elements(f, "add", subnet);
        return text_finish(f, &t, ret);
}

/* nft has no command for what may not be there, so it is added first. */
int net_rules_remove_subnet(const NetSubnet *subnet, char **ret)
{
        Text t = {};
        FILE *f = open_memstream(&t.data, &t.size);

        if (!f)
                return -ENOMEM;
        subnet_elements(f, "add", subnet);
        subnet_elements(f, "delete", subnet);
        return text_finish(f, &t, ret);
}

static int claim_text(const char *verb, const NetClaim *claim, char **ret)
{
        Text t = {};
        FILE *f = open_memstream(&t.data, &t.size);

        if (!f)
                return -ENOMEM;
        claim_elements(f, verb, claim);
        return text_finish(f, &t, ret);
}

int net_rules_add_claim(const NetClaim *claim, char **ret)
{
        return claim_text("add", claim, ret);
}

int net_rules_remove_claim(const NetClaim *claim, char **ret)
{
        return claim_text("delete", claim, ret);
}
