/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "network/net-address.h"

Test(net_address, parses_and_formats)
{
        static const char *const valid[] = { "0.0.0.0", "172.16.0.1", "255.255.255.255", "::",
                                             "::1",     "fd00::7:1",  "::ffff:1.2.3.4" };
        static const char *const invalid[] = { "",         "1.2.3",        "1.2.3.4.5", "1.2.3.256",
                                               " 1.2.3.4", "1.2.3.4 ",     "01.2.3.4x", ":::",
                                               "g::",      "fe80::1%eth0", "host" };
        NetAddress a;

        for (size_t i = 0; i < ELEMENTSOF(valid); i++) {
                cr_assert_eq(net_address_parse(valid[i], &a), 0, "%s", valid[i]);
                cr_expect_str_eq(NET_ADDRESS(&a), valid[i]);
                cr_expect(net_address_equal(&a, &a));
        }
        for (size_t i = 0; i < ELEMENTSOF(invalid); i++)
                cr_expect_eq(net_address_parse(invalid[i], &a), -EINVAL, "%s", invalid[i]);
        cr_expect_eq(net_address_parse(NULL, &a), -EINVAL);
}

Test(net_address, prefixes)
{
        static const char *const valid[] = { "10.0.0.0/8", "10.1.2.3/32",   "0.0.0.0/0",
                                             "fd00::/8",   "2001:db8::/64", "::1/128" };
        static const char *const invalid[] = { "10.0.0.0",   "10.0.0.0/",   "10.0.0.0/33",  "10.0.0.1/24", "fd00::/129",
                                               "fd00::1/64", "10.0.0.0/-1", "10.0.0.0/8/8", "/8",          "" };
        NetPrefix p;

        for (size_t i = 0; i < ELEMENTSOF(valid); i++) {
                cr_assert_eq(net_prefix_parse(valid[i], &p), 0, "%s", valid[i]);
                cr_expect_str_eq(NET_PREFIX(&p), valid[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(invalid); i++)
                cr_expect_eq(net_prefix_parse(invalid[i], &p), -EINVAL, "%s", invalid[i]);
}

Test(net_address, overlaps)
{
        static const struct {
                const char *a, *b;
                bool overlap;
        } cases[] = {
                { "10.0.0.0/8", "10.1.0.0/16", true },     { "10.0.0.0/8", "11.0.0.0/8", false },
                { "172.16.0.0/12", "172.31.0.0/16", true }, { "172.16.0.0/12", "172.32.0.0/16", false },
                { "0.0.0.0/0", "1.2.3.4/32", true },       { "fd00::/8", "fd12::/64", true },
                { "fd00::/64", "fd00:0:0:1::/64", false },  { "10.0.0.0/8", "::/0", false },
                { "192.168.4.0/22", "192.168.7.0/24", true }, { "192.168.4.0/22", "192.168.8.0/24", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NetPrefix a, b;

                cr_assert_eq(net_prefix_parse(cases[i].a, &a), 0);
                cr_assert_eq(net_prefix_parse(cases[i].b, &b), 0);
                cr_expect_eq(net_prefix_overlaps(&a, &b), cases[i].overlap, "%s %s", cases[i].a, cases[i].b);
                cr_expect_eq(net_prefix_overlaps(&b, &a), cases[i].overlap, "%s %s", cases[i].b, cases[i].a);
        }
}

Test(net_address, numbers)
{
        static const struct {
                const char *prefix;
                uint32_t n;
                const char *address;
        } cases[] = {
                { "172.16.0.0/16", 1, "172.16.0.1" },      { "172.16.0.0/16", 65534, "172.16.255.254" },
                { "10.97.0.0/30", 2, "10.97.0.2" },        { "10.1.2.128/25", 5, "10.1.2.133" },
                { "fd00:1::/64", 65534, "fd00:1::fffe" },  { "fd00:1::/120", 255, "fd00:1::ff" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NetPrefix p;
                NetAddress a;

                cr_assert_eq(net_prefix_parse(cases[i].prefix, &p), 0);
                net_prefix_nth(&p, cases[i].n, &a);
                cr_expect_str_eq(NET_ADDRESS(&a), cases[i].address);
                cr_expect(net_prefix_contains(&p, &a));
                cr_expect_eq(net_prefix_index(&p, &a), cases[i].n);
        }
}
