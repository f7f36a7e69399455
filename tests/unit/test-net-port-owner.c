/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "network/net-port-owner.h"

static const char tcp[] =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 0200007F:C000 01 00000000:00000000 00:00000000 00000000     0        0 11 1 0 100 0 0 10 "
        "0\n"
        "   1: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12 1 0 100 0 0 10 "
        "0\n"
        "   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 13 1 0 100 0 0 10 "
        "0\n"
        "   3: 0100007F:0050 00000000:0000 06 00000000:00000000 00:00000000 00000000     0        0 0 1 0 100 0 0 10 "
        "0\n";
static const char tcp6[] = "   0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A "
                           "00000000:00000000 00:00000000 00000000"
                           "     0        0 21 1 0 100 0 0 10 0\n"
                           "   1: 0000000000000000FFFF00000100007F:0035 00000000000000000000000000000000:0000 0A "
                           "00000000:00000000 00:00000000 00000000"
                           "     0        0 22 1 0 100 0 0 10 0\n";

Test(net_port_owner, inode)
{
        static const struct {
                const char *table, *ip;
                uint32_t port;
                unsigned long inode;
        } cases[] = {
                { tcp, NULL, 8080, 12 },        { tcp, "127.0.0.1", 8080, 12 }, { tcp, "0.0.0.0", 8080, 12 },
                { tcp, "127.0.0.2", 8080, 0 },  { tcp, "192.0.2.1", 22, 13 },   { tcp, NULL, 80, 0 },
                { tcp, NULL, 8081, 0 },         { tcp6, "::1", 8080, 21 },      { tcp6, "2001:db8::1", 8080, 0 },
                { tcp6, "127.0.0.1", 53, 22 },  { tcp6, "127.0.0.2", 53, 0 },   { "", NULL, 80, 0 },
                { "nonsense\n\n", NULL, 80, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                NetPort port = { .protocol = (char *) "tcp",
                                 .host_ip = (char *) cases[i].ip,
                                 .host_port = cases[i].port };

                cr_expect_eq(net_port_find_inode(cases[i].table, &port), cases[i].inode, "%zu", i);
        }
}
