/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "network/net-engine.h"
#include "network/net-rules.h"

static NetPrefix prefix(const char *text)
{
        NetPrefix p;

        cr_assert_eq(net_prefix_parse(text, &p), 0);
        return p;
}

/* Subnets */

static char *chosen(const NetNative *conf, const char *machine_id, const char *const *routes)
{
        NetPrefix items[16];
        NetRoutes taken = { items, 0, 1400 };
        const NetMemory nothing = {};
        NetSubnet s = {};
        char *text;
        int r;

        for (; routes && *routes; routes++)
                items[taken.n++] = prefix(*routes);
        r = net_subnet_choose("default", conf, &taken, &nothing, machine_id, &s);
        if (r < 0)
                return strprintf("%s", strerror(-r));
        text = strprintf("%s %s mtu %u%s%s", s.subnet_text, strempty(s.subnet6_text), s.mtu,
                         s.masquerade ? " masquerade" : "", s.restricted ? " restricted" : "");
        net_subnet_done(&s);
        return text;
}

Test(net_rules, subnet_is_chosen)
{
        static const char *const routes[][8] = {
                {},
                { "172.16.5.0/24" },
                { "172.16.0.0/12", "10.128.0.0/9" },
                { "172.16.0.0/12", "10.0.0.0/8" },
                { "0.0.0.0/0" },
                { "0.0.0.0/1", "128.0.0.0/1" },
        };
        static const char *const expected[] = {
                "172.16.0.0/16", "172.21.0.0/16", "10.0.0.0/16", "192.168.0.0/16", "172.16.0.0/16", "Cannot assign",
        };
        const NetNative conf = {};

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                _cleanup_free_ char *got = chosen(&conf, NULL, routes[i]);

                cr_expect(startswith(got, expected[i]), "%s, not %s", got, expected[i]);
        }
}

Test(net_rules, subnet_of_ipv6)
{
        const NetNative conf = {}, without = { .ipv6 = TRISTATE_NO };
        _cleanup_free_ char *one = chosen(&conf, "0123", NULL), *same = chosen(&conf, "0123", NULL),
                            *other = chosen(&conf, "4567", NULL), *none = chosen(&without, "0123", NULL);
        const char *only[] = { strchr(one, ' ') + 1, NULL };
        _cleanup_free_ char *taken = strndup(only[0], strcspn(only[0], " ")), *next = NULL;

        cr_expect(startswith(one, "172.16.0.0/16 fd"), "%s", one);
        cr_expect(strstr(one, "::/64 mtu 1400 masquerade"), "%s", one);
        cr_expect_str_eq(one, same);
        cr_expect_str_neq(one, other);
        cr_expect_str_eq(none, "172.16.0.0/16  mtu 1400 masquerade");
        only[0] = taken;
        next = chosen(&conf, "0123", only);
        cr_expect_str_neq(one, next);
}

Test(net_rules, subnet_is_configured)
{
        NetNative conf = { .subnet_text = (char *) "10.9.0.0/24", .subnet = prefix("10.9.0.0/24"),
                           .subnet6_text = (char *) "fd09::/64", .subnet6 = prefix("fd09::/64"), .mtu = 9000,
                           .masquerade = TRISTATE_NO, .default_gateway = TRISTATE_NO };
        static const char *const routes[] = { "10.0.0.0/8", NULL };
        _cleanup_free_ char *got = chosen(&conf, "0123", routes), *no_kernel = chosen(&conf, NULL, NULL);

        cr_expect_str_eq(got, "10.9.0.0/24 fd09::/64 mtu 9000 restricted");
        cr_expect_str_eq(no_kernel, "10.9.0.0/24  mtu 9000 restricted");
}

/* Each isolated network has a group of its own, which follows from its name, and whether it is isolated is part of what
 * its pods rely on. */
Test(net_rules, isolation_is_chosen)
{
        const NetNative isolated = { .isolate = TRISTATE_YES }, open = { .isolate = TRISTATE_NO }, unset = {};
        const NetMemory nothing = {};
        NetRoutes taken = {};
        NetSubnet a = {}, b = {}, again = {}, plain = {};

        cr_assert_eq(net_subnet_choose("a", &isolated, &taken, &nothing, NULL, &a), 0);
        cr_assert_eq(net_subnet_choose("b", &isolated, &taken, &nothing, NULL, &b), 0);
        cr_assert_eq(net_subnet_choose("a", &isolated, &taken, &nothing, NULL, &again), 0);
        cr_assert_eq(net_subnet_choose("a", &open, &taken, &nothing, NULL, &plain), 0);
        cr_expect_neq(a.group, b.group);
        cr_expect_eq(a.group, again.group);
        cr_expect_eq(a.group >> 30, 1);
        cr_expect_eq(plain.group, 0);
        cr_expect(net_subnet_fits(&a, &isolated));
        cr_expect_not(net_subnet_fits(&a, &unset));
        cr_expect_not(net_subnet_fits(&plain, &isolated));
        cr_expect(net_subnet_fits(&plain, &unset));
        net_subnet_done(&a);
        net_subnet_done(&b);
        net_subnet_done(&again);
        net_subnet_done(&plain);
}

/* Links */

Test(net_rules, link)
{
        NetSubnet s = { .subnet = prefix("10.9.0.0/16"), .subnet6 = prefix("fd09::/64"), .mtu = 1400 };
        NetLink l;

        cr_assert_eq(net_link_plan(&s, 300, "01234567-89ab", 0, "eth0", "web", true, &l), 0);
        cr_expect_str_eq(l.host_name, "pod-01234567");
        cr_expect_str_eq(l.pod_name, "eth0");
        cr_expect_str_eq(l.alias, "podctl web");
        cr_expect_str_eq(NET_ADDRESS(&l.address), "10.9.1.44");
        cr_expect_str_eq(NET_ADDRESS(&l.gateway), "10.9.0.1");
        cr_expect_str_eq(NET_ADDRESS(&l.address6), "fd09::12c");
        cr_expect_str_eq(NET_ADDRESS(&l.gateway6), "fd09::1");
        cr_expect(l.default_route);
        net_link_done(&l);
        s.restricted = true;
        cr_assert_eq(net_link_plan(&s, 300, "01234567-89ab", 12, "eth12", "web", true, &l), 0);
        cr_expect_str_eq(l.host_name, "pod-01234567.12");
        cr_expect_not(l.default_route);
        cr_expect_eq(l.group, 0);
        net_link_done(&l);
        s.group = 0x40000007;
        cr_assert_eq(net_link_plan(&s, 300, "01234567-89ab", 0, "eth0", "web", true, &l), 0);
        cr_expect_eq(l.group, 0x40000007);
        net_link_done(&l);
}

/* Rules */

static void expect_claim(NetPort *ports, size_t n, const char *address6, const char *expected)
{
        NetClaim claim = {
                .address = (char *) "10.9.0.2", .address6 = (char *) address6, .ports = ports, .n_ports = n
        };
        _cleanup_free_ char *text = NULL, *removal = NULL;

        cr_assert_eq(net_rules_add_claim(&claim, &text), 0);
        cr_expect_str_eq(text, expected);
        cr_assert_eq(net_rules_remove_claim(&claim, &removal), 0);
        /* The same elements, line by line. */
        for (const char *x = text, *y = removal; *x || *y; x += strcspn(x, "\n") + 1, y += strcspn(y, "\n") + 1) {
                cr_assert(startswith(x, "add ") && startswith(y, "delete "), "%s", removal);
                cr_assert_eq(strncmp(x + strlen("add "), y + strlen("delete "), strcspn(x, "\n") - strlen("add ")), 0,
                             "%s", removal);
        }
}

Test(net_rules, claims)
{
        NetPort web = { .protocol = (char *) "tcp", .host_port = 80, .port = 8080, .count = 1 },
                range = { .protocol = (char *) "udp", .host_port = 5000, .port = 6000, .count = 3 },
                at = { .protocol = (char *) "tcp",
                       .host_ip = (char *) "127.0.0.1",
                       .host_port = 80,
                       .port = 8080,
                       .count = 1 },
                at6 = { .protocol = (char *) "tcp",
                        .host_ip = (char *) "::1",
                        .host_port = 80,
                        .port = 8080,
                        .count = 1 },
                all4 = { .protocol = (char *) "tcp",
                         .host_ip = (char *) "0.0.0.0",
                         .host_port = 80,
                         .port = 8080,
                         .count = 1 };

        expect_claim(&web, 0, NULL, "");
        expect_claim(&web, 1, NULL, "add element inet podctl hairpin4 { 10.9.0.2 . 10.9.0.2 }\n"
                                    "add element inet podctl ports4 { tcp . 80 : 10.9.0.2 . 8080 }\n");
        expect_claim(&web, 1, "fd09::2", "add element inet podctl hairpin4 { 10.9.0.2 . 10.9.0.2 }\n"
                                         "add element inet podctl ports4 { tcp . 80 : 10.9.0.2 . 8080 }\n"
                                         "add element inet podctl hairpin6 { fd09::2 . fd09::2 }\n"
                                         "add element inet podctl ports6 { tcp . 80 : fd09::2 . 8080 }\n");
        expect_claim(&range, 1, NULL,
                     "add element inet podctl hairpin4 { 10.9.0.2 . 10.9.0.2 }\n"
                     "add element inet podctl ports4 { udp . 5000 : 10.9.0.2 . 6000, udp . 5001 : 10.9.0.2 . 6001, "
                     "udp . 5002 : 10.9.0.2 . 6002 }\n");
        expect_claim(&at, 1, NULL, "add element inet podctl hairpin4 { 10.9.0.2 . 10.9.0.2 }\n"
                                   "add element inet podctl ports4_at { 127.0.0.1 . tcp . 80 : 10.9.0.2 . 8080 }\n");
        expect_claim(&at6, 1, "fd09::2", "add element inet podctl hairpin4 { 10.9.0.2 . 10.9.0.2 }\n"
                                         "add element inet podctl hairpin6 { fd09::2 . fd09::2 }\n"
                                         "add element inet podctl ports6_at { ::1 . tcp . 80 : fd09::2 . 8080 }\n");
        expect_claim(&all4, 1, NULL, "add element inet podctl hairpin4 { 10.9.0.2 . 10.9.0.2 }\n"
                                     "add element inet podctl ports4 { tcp . 80 : 10.9.0.2 . 8080 }\n");
}

Test(net_rules, table)
{
        NetSubnet subnets[] = {
                { .subnet_text = (char *) "10.9.0.0/16", .subnet6_text = (char *) "fd09::/64", .masquerade = true },
                { .subnet_text = (char *) "10.8.0.0/16", .restricted = true, .masquerade = true },
                { .subnet_text = (char *) "10.7.0.0/16" },
                { .subnet_text = (char *) "10.6.0.0/16", .masquerade = true, .group = 1073741831 },
        };
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(
                net_rules_table(
                        &(NetRules) { .subnets = subnets, .n_subnets = ELEMENTSOF(subnets), .resolver = "127.0.0.1" },
                        &text),
                0);
        cr_expect(startswith(text, "table inet podctl {"));
        cr_expect_not(strstr(text, "delete"));
        cr_expect(endswith(text, "add element inet podctl masquerade4 { 10.9.0.0/16 }\n"
                                 "add element inet podctl masquerade6 { fd09::/64 }\n"
                                 "add element inet podctl restricted4 { 10.8.0.0/16 }\n"
                                 "add element inet podctl within4 { 10.8.0.0/16 . 10.8.0.0/16 }\n"
                                 "add element inet podctl isolated { 1073741831 }\n"
                                 "add element inet podctl together { 1073741831 . 1073741831 }\n"
                                 "add element inet podctl masquerade4 { 10.6.0.0/16 }\n"
                                 "add element inet podctl resolver4 { 53 : 127.0.0.1 }\n"));
}

/* Ports */

Test(net_rules, overlaps)
{
        static const struct {
                const char *a_ip, *b_ip;
                uint32_t a_port, a_count, b_port, b_count;
                bool overlap;
        } cases[] = {
                { NULL, NULL, 80, 1, 80, 1, true },
                { NULL, NULL, 80, 1, 81, 1, false },
                { NULL, NULL, 80, 10, 89, 1, true },
                { NULL, NULL, 80, 10, 90, 1, false },
                { "10.0.0.1", NULL, 80, 1, 80, 1, true },
                { "10.0.0.1", "10.0.0.2", 80, 1, 80, 1, false },
                { "10.0.0.1", "10.0.0.1", 80, 1, 80, 1, true },
                { "0.0.0.0", "10.0.0.1", 80, 1, 80, 1, true },
                { "0.0.0.0", "::1", 80, 1, 80, 1, false },
                { "::", "::1", 80, 1, 80, 1, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NetPort a = { .protocol = (char *) "tcp",
                              .host_ip = (char *) cases[i].a_ip,
                              .host_port = cases[i].a_port,
                              .count = cases[i].a_count },
                        b = { .protocol = (char *) "tcp",
                              .host_ip = (char *) cases[i].b_ip,
                              .host_port = cases[i].b_port,
                              .count = cases[i].b_count };

                cr_expect_eq(net_ports_overlap(&a, &b), cases[i].overlap, "%zu", i);
                cr_expect_eq(net_ports_overlap(&b, &a), cases[i].overlap, "%zu", i);
                b.protocol = (char *) "udp";
                cr_expect_not(net_ports_overlap(&a, &b));
        }
}
