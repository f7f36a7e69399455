/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-summary.h"
#include "lib/test-cases.h"

/* "TYPES SUBNETS GATEWAYS LINK MTU FLAGS", lists with commas, "-" where there is nothing. */
static char *summary(const char *json, const NetSubnet *now)
{
        _cleanup_free_ char *text = quoted(json), *plugins = NULL, *subnets = NULL, *gateways = NULL;
        _cleanup_(net_summary_done) NetSummary s = {};
        _cleanup_json_object_ json_object *conf = NULL;

        cr_assert_eq(json_parse_memory(text, strlen(text), &conf, NULL), 0, "%s", text);
        cr_assert_eq(net_summary_new(conf, now, &s), 0, "%s", text);
        plugins = strv_join(s.plugins, ",");
        subnets = strv_join(s.subnets, ",");
        gateways = strv_join(s.gateways, ",");
        return strprintf("%s %s %s %s %u%s%s%s%s", plugins, *subnets ? subnets : "-", *gateways ? gateways : "-",
                         s.link ?: "-", s.mtu, s.native ? " native" : "", s.masquerade ? " masquerade" : "",
                         s.restricted ? " restricted" : "", s.isolated ? " isolated" : "");
}

Test(net_summary, of_files)
{
        static const char *const cases[][2] = {
                { "{'plugins':[{'type':'podctl'}]}", "podctl - - - 0 native masquerade" },
                { "{'plugins':[{'type':'podctl','subnet':'10.9.0.0/24','subnet6':'fd09::/64','mtu':1300,"
                  "'ipMasq':false,'isolate':true}]}",
                  "podctl 10.9.0.0/24,fd09::/64 10.9.0.1,fd09::1 - 1300 native isolated" },
                { "{'plugins':[{'type':'podctl','isDefaultGateway':false,'isolate':false}]}",
                  "podctl - - - 0 native masquerade restricted" },
                { "{'plugins':[{'type':'bridge','mtu':9000,'ipMasq':true,"
                  "'ipam':{'type':'host-local','subnet':'10.1.0.0/16'}},{'type':'portmap'}]}",
                  "bridge,portmap 10.1.0.0/16 10.1.0.1 cni0 9000 masquerade" },
                { "{'plugins':[{'type':'bridge','bridge':'br7','ipam':{'ranges':[[{'subnet':'10.1.0.0/16',"
                  "'gateway':'10.1.9.9'}],[{'subnet':'fd01::/64'}]]}}]}",
                  "bridge 10.1.0.0/16,fd01::/64 10.1.9.9,fd01::1 br7 0" },
                { "{'plugins':[{'type':'macvlan','master':'eth7','ipam':{'type':'static','addresses':"
                  "[{'address':'10.2.0.5/24','gateway':'10.2.0.1'},{'address':'fd02::5/64'}]}}]}",
                  "macvlan 10.2.0.5/24,fd02::5/64 10.2.0.1 eth7 0" },
                { "{'plugins':[{'type':'ipvlan','master':'eth7','ipam':{'type':'dhcp'}}]}", "ipvlan - - eth7 0" },
                /* Of others anything may be anything. */
                { "{'plugins':[{'type':'odd','bridge':7,'mtu':'big','ipam':[],'ipMasq':'yes'}]}", "odd - - - 0" },
                { "{'plugins':[{'type':'odd','mtu':-5,'ipam':{'subnet':'many','ranges':[7,[8,'x']],"
                  "'addresses':[1,{'gateway':2}]}}]}",
                  "odd many - - 0" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = summary(cases[i][0], NULL);

                cr_expect_str_eq(got, cases[i][1], "%s: %s", cases[i][0], got);
        }
}

/* What pods have counts, whatever the file says by now. */
Test(net_summary, of_pods)
{
        NetSubnet now = { .subnet_text = (char *) "172.16.0.0/16", .subnet6_text = (char *) "fd0a::/64", .mtu = 1400,
                          .masquerade = true, .group = 7 };
        _cleanup_free_ char *got = summary("{'plugins':[{'type':'podctl','subnet':'10.9.0.0/24','ipMasq':false}]}",
                                           &now);

        cr_expect_str_eq(got, "podctl 172.16.0.0/16,fd0a::/64 172.16.0.1,fd0a::1 - 1400 native masquerade isolated");
}
