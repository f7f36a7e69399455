/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-config.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

/* "NAME:ARG;ARG,NAME", or "error: MESSAGE" */
static char *requests_of(const char *text)
{
        _cleanup_(net_requests_done) NetRequests requests = {};
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *message = NULL;
        int r = net_requests_parse(text, &requests, &message);

        if (r < 0)
                return strprintf("error: %s", strempty(message));
        for (size_t i = 0; i < requests.n; i++) {
                _cleanup_free_ char *arguments = strv_join(requests.items[i].arguments, ";");

                cr_assert_geq(strv_extendf(&list, "%s%s%s", requests.items[i].name, *arguments ? ":" : "", arguments),
                              0);
        }
        return strv_join(list, ",");
}

Test(net_config, requests)
{
        static const char *const cases[][2] = {
                { NULL, "default" },
                { "", "default" },
                { "none", "none" },
                { "a,b", "a,b" },
                { "a:IP=10.0.0.1;K=V,b:C=", "a:IP=10.0.0.1;K=V,b:C=" },
                { "a:IP=fd00::1", "a:IP=fd00::1" },
                { "a:", "a" },
        };
        static const char *const wrong[][2] = {
                { "a,a", "twice" },       { "host,a", "'host'" },
                { "a,none", "'none'" },   { "all:A=b", "takes no arguments" },
                { "a:b", "NAME=VALUE" },  { ":A=b", "not a valid name" },
                { "a/b", "'a/b'" },       { ".a", "'.a'" },
                { "a:=b", "NAME=VALUE" }, { ",", "does not name" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = requests_of(cases[i][0]);

                cr_expect_str_eq(got, cases[i][1]);
        }
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *got = requests_of(wrong[i][0]);

                cr_expect(startswith(got, "error: "), "%s", got);
                cr_expect(strstr(got, wrong[i][1]), "%s: %s", wrong[i][0], got);
        }
}

typedef struct Files {
        Temporary directory[2];
        char *paths[3];
} Files;

static void files_new(Files *f)
{
        for (size_t i = 0; i < 2; i++) {
                f->directory[i] = temporary_new();
                f->paths[i] = f->directory[i].path;
        }
        f->paths[2] = NULL;
}

static void files_done(Files *f)
{
        temporary_done(&f->directory[0]);
        temporary_done(&f->directory[1]);
}

static void add(Files *f, size_t directory, const char *name, const char *json)
{
        _cleanup_free_ char *text = quoted(json);

        cr_assert_eq(write_string_at(f->directory[directory].fd, name, text, 0644), 0);
}

/* "NAME/INTERFACE/first TYPE/number of plugins …", or "error: MESSAGE" */
static char *resolve(const Files *f, const char *text)
{
        _cleanup_strv_free_ char **list = NULL, **warnings = NULL;
        _cleanup_free_ char *message = NULL;
        NetJoin *joins = NULL;
        size_t n = 0;
        int r = net_config_resolve(text, f->paths, NULL, &joins, &n, &warnings, &message);

        if (r < 0)
                return strprintf("error: %s", strempty(message));
        for (size_t i = 0; i < n; i++) {
                json_object *plugins, *type;

                cr_assert(json_object_object_get_ex(joins[i].conf, "plugins", &plugins));
                cr_assert(json_object_object_get_ex(json_object_array_get_idx(plugins, 0), "type", &type));
                cr_assert_geq(strv_extendf(&list, "%s/%s/%s/%zu", joins[i].name, joins[i].interface,
                                           json_object_get_string(type), json_object_array_length(plugins)), 0);
        }
        net_joins_free(joins, n);
        return strv_join(list, " ");
}

Test(net_config, resolves)
{
        static const char *const cases[][2] = {
                { "none", "" },
                { "host", "" },
                { "default", "default/eth0/podctl/1" },
                { "default-restricted,default", "default-restricted/eth0/podctl/1 default/eth1/podctl/1" },
                { "lan", "lan/eth0/bridge/1" },
                { "chain,lan:IP=1.2.3.4", "chain/eth0/ptp/2 lan/eth1/bridge/1" },
                { "all", "lan/eth0/bridge/1 twice/eth1/first/1 chain/eth2/ptp/2" },
                { "twice", "twice/eth0/first/1" },
                { "nosuch,lan,other", "error: networks not found: nosuch, other" },
                { "broken", "error: networks not found: broken" },
        };
        _cleanup_(files_done) Files f = {};

        files_new(&f);
        add(&f, 0, "10-lan.conf", "{'cniVersion':'0.3.1','name':'lan','type':'bridge'}");
        add(&f, 0, "20-twice.conf", "{'name':'twice','type':'first'}");
        add(&f, 0, "30-twice.conf", "{'name':'twice','type':'second'}");
        add(&f, 0, "40-broken.conf", "{'name':'broken'");
        add(&f, 0, "50-note.txt", "{'name':'note','type':'x'}");
        add(&f, 1, "10-chain.conflist",
            "{'cniVersion':'1.0.0','name':'chain','plugins':[{'type':'ptp'},{'type':'portmap'}]}");
        add(&f, 1, "20-twice.conf", "{'name':'twice','type':'third'}");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = resolve(&f, cases[i][0]);

                cr_expect(startswith(got, cases[i][1]), "%s: %s", cases[i][0], got);
                cr_expect(startswith(got, "error") || streq(got, cases[i][1]), "%s: %s", cases[i][0], got);
        }
}

/* "NAME PATH, which hides PATHS; …", and what is broken; paths without their directories. */
Test(net_config, reads_all)
{
        static const char expected[] = "lan 10-lan.conf hides 20-lan.conf,10-lan.conf; default 05-default.conf hides ; "
                                       "default-restricted (null) hides ; ";
        _cleanup_(net_definitions_done) NetDefinitions all = {};
        _cleanup_free_ char *got = strdup("");
        _cleanup_(files_done) Files f = {};

        files_new(&f);
        add(&f, 0, "10-lan.conf", "{'name':'lan','type':'podctl','isolate':true}");
        add(&f, 0, "20-lan.conf", "{'name':'lan','type':'bridge'}");
        add(&f, 0, "30-typo.conf", "{'name':'typo','type':'podctl','isolate':'strict'}");
        add(&f, 1, "05-default.conf", "{'name':'default','type':'bridge'}");
        add(&f, 1, "10-lan.conf", "{'name':'lan','type':'bridge'}");
        cr_assert_eq(net_config_read(f.paths, &all), 0);
        for (size_t i = 0; i < all.n; i++) {
                _cleanup_free_ char *before = TAKE_PTR(got), *hides = strdup("");

                STRV_FOREACH(path, all.items[i].hides) {
                        _cleanup_free_ char *more = TAKE_PTR(hides);

                        hides = strjoin(more, *more ? "," : "", strrchr(*path, '/') + 1);
                }
                got = strprintf("%s%s %s hides %s; ", before, all.items[i].name,
                                all.items[i].path ? strrchr(all.items[i].path, '/') + 1 : "(null)", hides);
        }
        cr_expect_str_eq(got, expected, "%s", got);
        cr_assert_eq(strv_length(all.broken), 1);
        cr_expect(strstr(all.broken[0], "30-typo.conf: plugins[0].isolate: expected"), "%s", all.broken[0]);
}

Test(net_config, extensions)
{
        _cleanup_(files_done) Files f = {};
        _cleanup_free_ char *got = NULL;

        files_new(&f);
        add(&f, 0, "10-x.conf", "{'cniVersion':'1.0.0','name':'x','type':'podctl','example.com/note':7,'subnet':null,"
            "'odd':null,'dns':{'search':['a'],'x.y':1}}");
        add(&f, 0, "20-y.conf", "{'name':'y','type':'bridge','isolated':true}");
        got = resolve(&f, "x,y");
        cr_expect_str_eq(got, "x/eth0/podctl/1 y/eth1/bridge/1");
}

Test(net_config, default_can_be_another)
{
        _cleanup_(files_done) Files f = {};
        _cleanup_free_ char *got = NULL;

        files_new(&f);
        add(&f, 1, "10-default.conf", "{'name':'default','type':'bridge'}");
        got = resolve(&f, "default");
        cr_expect_str_eq(got, "default/eth0/bridge/1");
}

/* What is wrong with a file is told to who asks for its network. */
Test(net_config, refuses)
{
        static const char *const cases[][2] = {
                { "{'name':'x','type':'podctl','subnet':'10.0.0.0'}", "plugins[0].subnet" },
                { "{'name':'x','type':'podctl','subnet':'fd00::/64'}", "not an IPv4" },
                { "{'name':'x','type':'podctl','subnet':'10.0.0.0/31'}", "between /8 and /30" },
                { "{'name':'x','type':'podctl','subnet6':'10.0.0.0/24'}", "not an IPv6" },
                { "{'name':'x','type':'podctl','mtu':100}", "mtu" },
                { "{'name':'x','type':'podctl','mtu':'big'}", "mtu" },
                { "{'name':'x','type':'podctl','dns':{'nameservers':['x']}}", "dns.nameservers" },
                { "{'name':'x','type':'podctl','ipMasq':1}", "ipMasq" },
                { "{'name':'x','type':'podctl','isolated':true}", "isolated: is not a known member; did you mean" },
                { "{'name':'x','type':'podctl','ipam':{}}", "plugins[0].ipam: is not a known member" },
                { "{'name':'x','plugins':[{'type':'podctl','Isolate':true}]}", "did you mean 'isolate'?" },
                { "{'name':'x','type':'podctl','dns':{'nameserver':[]}}", "plugins[0].dns.nameserver: is not" },
                { "{'name':'x'}", "type" },
                { "{'name':'x','type':7}", "type" },
                { "{'name':'x','type':'../../bin/sh'}", "../../bin/sh" },
                { "{'name':'x','plugins':[]}", "plugins" },
                { "{'name':'x','plugins':{}}", "plugins" },
                { "{'name':'x','plugins':['bridge']}", "plugins[0]" },
                { "{'name':'x','plugins':[{'type':'podctl'},{'type':'portmap'}]}", "stands alone" },
                { "{'name':'../x','type':'bridge'}", "name" },
                { "{'type':'bridge'}", "name" },
                { "[]", "name" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(files_done) Files f = {};
                _cleanup_free_ char *got = NULL;

                files_new(&f);
                add(&f, 0, "10-x.conf", cases[i][0]);
                got = resolve(&f, "x");
                cr_expect(strstr(got, "networks not found: x"), "%s", got);
                cr_expect(strstr(got, "10-x.conf"), "%s", got);
                cr_expect(strstr(got, cases[i][1]), "%s: %s", cases[i][0], got);
        }
}
