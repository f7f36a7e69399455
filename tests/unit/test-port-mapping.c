/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "manifest/port-mapping.h"

Test(port_mapping, forms)
{
        static const struct {
                const char *text, *ip, *protocol, *name;
                uint32_t host, port, count;
        } cases[] = {
                { "8080:80", NULL, "tcp", "80-tcp", 8080, 80, 1 },
                { "8080:80/tcp", NULL, "tcp", "80-tcp", 8080, 80, 1 },
                { "127.0.0.1:8080:80/udp", "127.0.0.1", "udp", "80-udp", 8080, 80, 1 },
                { "[::1]:8080:80", "::1", "tcp", "80-tcp", 8080, 80, 1 },
                { "8080-8090:80-90", NULL, "tcp", "80-tcp", 8080, 80, 11 },
                { "0.0.0.0:5000-5001:6000-6001/sctp", "0.0.0.0", "sctp", "6000-sctp", 5000, 6000, 2 },
                { "1:65535", NULL, "tcp", "65535-tcp", 1, 65535, 1 },
                { "7-7:8", NULL, "tcp", "8-tcp", 7, 8, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(pod_port_done) PodPort p = {};

                cr_expect(port_is_mapping(cases[i].text), "%s", cases[i].text);
                cr_assert_eq(pod_port_from_mapping(cases[i].text, &p, NULL), 0, "%s", cases[i].text);
                cr_expect_str_eq(p.name, cases[i].name);
                cr_expect(streq_ptr(p.host_ip, cases[i].ip), "%s", cases[i].text);
                cr_expect_eq(p.host_port, cases[i].host);
                cr_expect_str_eq(p.pod_port->name, cases[i].name);
                cr_expect_str_eq(p.pod_port->protocol, cases[i].protocol);
                cr_expect_eq(p.pod_port->port, cases[i].port);
                cr_expect_eq(p.pod_port->count, cases[i].count);
        }
}

Test(port_mapping, names_of_rkt_are_none)
{
        cr_expect_not(port_is_mapping("80-tcp:8080"));
        cr_expect_not(port_is_mapping("www:127.0.0.1:8080"));
        cr_expect_not(port_is_mapping("http:[::1]:80"));
        cr_expect_not(port_is_mapping("-1:80"));
        cr_expect_not(port_is_mapping(""));
}

Test(port_mapping, says_what_is_wrong)
{
        static const struct {
                const char *text, *message;
        } cases[] = {
                { "80", "expected [IP:]PORT[-PORT]:PORT[-PORT][/PROTOCOL], not '80'" },
                { "8080:", "'' is not a port number, 1 to 65535" },
                { ":80", "'' is not a port number, 1 to 65535" },
                { "0:80", "'0' is not a port number, 1 to 65535" },
                { "80:0", "'0' is not a port number, 1 to 65535" },
                { "65536:80", "'65536' is not a port number, 1 to 65535" },
                { "99999999999999999999:80", "'99999999999999999999' is not a port number, 1 to 65535" },
                { "8080:80x", "'80x' is not a port number, 1 to 65535" },
                { "8080:+80", "'+80' is not a port number, 1 to 65535" },
                { "8080-:80", "'' is not a port number, 1 to 65535" },
                { "8080-8081-8082:80", "'8081-8082' is not a port number, 1 to 65535" },
                { "8090-8080:80-90", "the range '8090-8080' ends before it begins" },
                { "8080-8090:80", "'8080-8090:80': the ranges have 11 and 1 ports" },
                { "8080:80-81", "'8080:80-81': the ranges have 1 and 2 ports" },
                { "8080:80/icmp", "'icmp' is not tcp, udp or sctp" },
                { "8080:80/", "'' is not tcp, udp or sctp" },
                { "8080/udp:80", "'udp:80' is not tcp, udp or sctp" },
                { "1.2.3:8080:80", "hostIP: '1.2.3' is not an IP address" },
                { "[::1:8080:80", "an IPv6 address needs brackets around it" },
                { "::1:8080:80", "an IPv6 address needs brackets around it" },
                { "[]:8080:80", "hostIP: '[]' is not an IP address" },
                { ":8080:80", "the address before ':' is empty" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(pod_port_done) PodPort p = {};
                _cleanup_json_error_ JsonError e = {};

                cr_expect_eq(pod_port_from_mapping(cases[i].text, &p, &e), -EINVAL, "%s", cases[i].text);
                cr_assert(e.message, "%s", cases[i].text);
                cr_expect_str_eq(e.message, cases[i].message, "%s: %s", cases[i].text, e.message);
        }
}

/* rkt's app sandbox: the port has a name of its own, and no app has it yet. */
Test(port_mapping, full_forms)
{
        static const struct {
                const char *text, *ip;
                uint32_t host, port;
        } cases[] = {
                { "web:tcp:80:127.0.0.1:8080", "127.0.0.1", 8080, 80 },
                { "web:udp:53:0.0.0.0:5353", "0.0.0.0", 5353, 53 },
                { "web:tcp:80:[::1]:8080", "::1", 8080, 80 },
        };
        static const char *const wrong[] = { "web:tcp:0:127.0.0.1:1", "web:tcp:80:127.0.0.1:", "web:tcp:80:1.2:80",
                                             "Web:tcp:80:127.0.0.1:8080", "web:tcp:x:127.0.0.1:8080" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(pod_port_done) PodPort p = {};

                cr_expect(port_is_full(cases[i].text), "%s", cases[i].text);
                cr_assert_eq(pod_port_from_full(cases[i].text, &p, NULL), 0, "%s", cases[i].text);
                cr_expect_str_eq(p.name, "web");
                cr_expect_str_eq(p.host_ip, cases[i].ip);
                cr_expect_eq(p.host_port, cases[i].host);
                cr_expect_eq(p.pod_port->port, cases[i].port);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(pod_port_done) PodPort p = {};

                cr_expect_lt(pod_port_from_full(wrong[i], &p, NULL), 0, "%s", wrong[i]);
        }
        cr_expect_not(port_is_full("8080:80"));
        cr_expect_not(port_is_full("127.0.0.1:8080:80"));
        cr_expect_not(port_is_full("http:[::1]:80"));
}
