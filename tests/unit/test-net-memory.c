/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-memory.h"
#include "lib/test-temporary.h"

static void start(int dir_fd, const char *network, const NetRoutes *taken, const char *subnet)
{
        _cleanup_(net_memory_done) NetMemory memory = {};
        const NetNative conf = {};
        NetSubnet s = {};

        cr_assert_eq(net_memory_read(dir_fd, network, &memory), 0);
        cr_assert_eq(net_subnet_choose(network, &conf, taken, &memory, "0123", &s), 0);
        cr_expect_str_eq(s.subnet_text, subnet);
        cr_assert_eq(net_memory_write(dir_fd, network, &conf, &memory, &s), 0);
        net_subnet_done(&s);
}

Test(net_memory, order_does_not_matter)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        const NetRoutes none = {};
        NetPrefix route;
        const NetRoutes taken = { &route, 1, 0 };

        start(t.fd, "default", &none, "172.16.0.0/16");
        start(t.fd, "back", &none, "172.21.0.0/16");
        start(t.fd, "back", &none, "172.21.0.0/16");
        start(t.fd, "default", &none, "172.16.0.0/16");
        /* One that is not free any more is chosen again, and not that of another network. */
        cr_assert_eq(net_prefix_parse("172.16.5.0/24", &route), 0);
        start(t.fd, "default", &taken, "172.22.0.0/16");
        start(t.fd, "default", &none, "172.22.0.0/16");
}

Test(net_memory, damaged)
{
        static const char *const texts[] = { "", "{", "[]", "{\"subnet\":\"0.0.0.0/0\"}", "{\"subnet\":7}" };
        const NetRoutes none = {};

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(temporary_done) Temporary t = temporary_new();

                cr_assert_eq(write_string_at(t.fd, "default", texts[i], 0644), 0);
                start(t.fd, "default", &none, "172.16.0.0/16");
                start(t.fd, "back", &none, "172.21.0.0/16");
        }
}
