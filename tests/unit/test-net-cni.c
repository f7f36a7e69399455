/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network/net-cni.h"
#include "network/net-files.h"
#include "network/net-resolv.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

static json_object *parse(const char *text)
{
        _cleanup_free_ char *json = quoted(text);
        json_object *o = NULL;

        cr_assert_eq(json_parse_memory(json, strlen(json), &o, NULL), 0, "%s", json);
        return o;
}

/* "ADDRESS… > GATEWAY… DNS HOSTIF" */
static char *result_of(const char *text)
{
        _cleanup_json_object_ json_object *o = parse(text);
        NetState state = { .joins = new0(NetStateJoin, 1), .n_joins = 1 };
        NetStateJoin *j = &state.joins[0];
        _cleanup_free_ char *addresses = NULL, *gateways = NULL, *servers = NULL;
        char *all;

        cr_assert_eq(cni_result_read(o, j), 0);
        addresses = strv_join(j->addresses, " ");
        gateways = strv_join(j->gateways, " ");
        servers = strv_join(j->dns.nameservers, " ");
        all = strprintf("%s > %s %s %s", addresses, gateways, servers, strempty(j->host_interface));
        net_state_done(&state);
        return all;
}

Test(net_cni, results)
{
        static const char *const cases[][2] = {
                { "{'cniVersion':'1.0.0','interfaces':[{'name':'br0'},{'name':'eth0','sandbox':'/x'}],"
                  "'ips':[{'address':'10.1.0.2/24','gateway':'10.1.0.1','interface':1},{'address':'fd00::2/64'}],"
                  "'dns':{'nameservers':['10.1.0.1']}}",
                  "10.1.0.2/24 fd00::2/64 > 10.1.0.1 10.1.0.1 br0" },
                { "{'cniVersion':'0.2.0','ip4':{'ip':'10.1.0.2/"
                  "24','gateway':'10.1.0.1','routes':[]},'ip6':{'ip':'fd00::2/64'}}",
                  "10.1.0.2/24 fd00::2/64 > 10.1.0.1  " },
                { "{'cniVersion':'0.3.1'}", " >   " },
                { "{}", " >   " },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *got = result_of(cases[i][0]);

                cr_expect_str_eq(got, cases[i][1]);
        }
}

/* A network whose plugins are scripts in a directory, and what they were called with. */
typedef struct Fake {
        Temporary directory;
        NetState state;
        char *path[2];
} Fake;

static void fake_new(Fake *f, const char *conf)
{
        f->directory = temporary_new();
        f->path[0] = f->directory.path;
        f->state = (NetState) { .joins = new0(NetStateJoin, 1), .n_joins = 1 };
        f->state.joins[0].name = strdup("lan");
        f->state.joins[0].interface = strdup("eth0");
        f->state.joins[0].conf = parse(conf);
        cr_assert_eq(strv_extend(&f->state.joins[0].plugin_path, f->directory.path), 0);
        cr_assert_eq(strv_extend(&f->state.joins[0].arguments, "IP=10.0.0.1"), 0);
}

static void fake_done(Fake *f)
{
        net_state_done(&f->state);
        temporary_done(&f->directory);
}

static void plugin(Fake *f, const char *name, const char *script)
{
        _cleanup_free_ char *text = strprintf("#!/bin/sh\ncd %s\n%s\n", f->directory.path, script);

        cr_assert_eq(write_string_at(f->directory.fd, name, text, 0755), 0);
}

static char *log_of(Fake *f)
{
        char *text = NULL;

        (void) read_file_at(f->directory.fd, "log", 1 << 20, &text, NULL);
        return text ?: strdup("");
}

#define CHAIN                                                                                                          \
        "{'cniVersion':'1.0.0','name':'lan','plugins':[{'type':'one','key':1},{'type':'two','capabilities':{'"         \
        "portMappings':true}}]}"
#define RECORD                                                                                                         \
        "echo \"$CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS ${CNI_PATH##*/} ${0##*/}\" >>log; cat " \
        ">$CNI_COMMAND-${0##*/}\n"

static NetPort port = { .protocol = (char *) "tcp", .host_port = 80, .port = 8080, .count = 2 };
static const CniPod pod = { "UUID", "/netns", false, -EBADF, &port, 1 };

static char *input_of(Fake *f, const char *name)
{
        char *text = NULL;

        cr_assert_eq(read_file_at(f->directory.fd, name, 1 << 20, &text, NULL), 0, "%s", name);
        return text;
}

Test(net_cni, pairs)
{
        _cleanup_(fake_done) Fake f = {};
        _cleanup_free_ char *log = NULL, *expected = NULL, *add_one = NULL, *add_two = NULL, *delete_two = NULL,
                            *message = NULL;
        const char *last;

        fake_new(&f, CHAIN);
        plugin(&f, "one", RECORD "echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.1/24\"}]}'");
        plugin(&f, "two",
               RECORD "echo '{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.1/24\"}],\"second\":2}'");
        cr_assert_eq(cni_add(&pod, &f.state.joins[0], &message), 0, "%s", strempty(message));
        cr_assert_eq(cni_check(&pod, &f.state.joins[0], &message), 0, "%s", strempty(message));
        cr_assert_eq(cni_delete(&pod, &f.state.joins[0], &message), 0, "%s", strempty(message));

        log = log_of(&f);
        last = strrchr(f.directory.path, '/') + 1;
#define LINE(command, name) command " UUID /netns eth0 IgnoreUnknown=1;IP=10.0.0.1 %1$s " name "\n"
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        expected = strprintf(LINE("ADD", "one") LINE("ADD", "two") LINE("CHECK", "one") LINE("CHECK", "two")
                                     LINE("DEL", "two") LINE("DEL", "one"),
                             last);
#pragma GCC diagnostic pop
        cr_expect_str_eq(log, expected);
        add_one = input_of(&f, "ADD-one");
        cr_expect_str_eq(add_one, "{\"type\":\"one\",\"key\":1,\"name\":\"lan\",\"cniVersion\":\"1.0.0\"}");
        add_two = input_of(&f, "ADD-two");
        cr_expect(strstr(add_two, "\"prevResult\":{\"cniVersion\":\"1.0.0\",\"ips\":[{\"address\":\"10.0.0.1/24\"}]}"),
                  "%s", add_two);
        cr_expect(strstr(add_two, "\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":80,\"containerPort\":8080,"
                                  "\"protocol\":\"tcp\"},"
                                  "{\"hostPort\":81,\"containerPort\":8081,\"protocol\":\"tcp\"}]}"),
                  "%s", add_two);
        delete_two = input_of(&f, "DEL-two");
        cr_expect(strstr(delete_two, "\"second\":2"), "%s", delete_two);
        cr_expect(cni_forwards_ports(f.state.joins[0].conf));
}

/* A plugin's own words come along, whatever form they have. */
Test(net_cni, failures)
{
        static const char *const cases[][2] = {
                { "echo '{\"code\":7,\"msg\":\"no room\",\"details\":\"at all\"}'; exit 1", "no room: at all" },
                { "echo 'plain words' >&2; exit 3", "plain words" },
                { "exit 1", "failed without a message" },
                { "kill -9 $$", "killed by a signal" },
                { "echo not json", "its answer" },
                { "true", "its answer" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(fake_done) Fake f = {};
                _cleanup_free_ char *message = NULL;

                fake_new(&f, "{'cniVersion':'0.3.1','name':'lan','plugins':[{'type':'one'}]}");
                plugin(&f, "one", cases[i][0]);
                cr_expect_lt(cni_add(&pod, &f.state.joins[0], &message), 0);
                cr_expect(startswith(strempty(message), "network 'lan': ADD of plugin 'one': "), "%s",
                          strempty(message));
                cr_expect(strstr(strempty(message), cases[i][1]), "%s", strempty(message));
                cr_expect_eq(cni_check(&pod, &f.state.joins[0], &message), CNI_NOT_CHECKED);
        }
}

/* All are asked to delete, also when one of them cannot. */
Test(net_cni, delete_goes_on)
{
        _cleanup_(fake_done) Fake f = {};
        _cleanup_free_ char *message = NULL, *log = NULL;

        fake_new(&f, CHAIN);
        plugin(&f, "one", RECORD);
        plugin(&f, "two", RECORD "exit 1");
        cr_expect_lt(cni_delete(&pod, &f.state.joins[0], &message), 0);
        cr_expect(strstr(message, "'two'"), "%s", message);
        log = log_of(&f);
        cr_expect(strstr(log, " one\n"), "%s", log);
}

Test(net_cni, missing_plugin)
{
        _cleanup_(fake_done) Fake f = {};
        _cleanup_free_ char *message = NULL;

        fake_new(&f, CHAIN);
        cr_expect_eq(cni_add(&pod, &f.state.joins[0], &message), -ENOENT);
        cr_expect(strstr(message, "'one'"), "%s", message);
        cr_expect(strstr(message, f.directory.path), "%s", message);
}

Test(net_cni, files)
{
        char *servers[] = { (char *) "10.0.0.1", (char *) "::1", NULL },
             *search[] = { (char *) "a", (char *) "b", NULL }, *options[] = { (char *) "ndots:2", NULL },
             *broken[] = { (char *) "a b", NULL };
        NetDns dns = { servers, (char *) "example", search, options }, bad = { .search = broken }, empty = {};
        _cleanup_free_ char *text = NULL, *nothing = NULL, *hosts = NULL, *message = NULL;
        _cleanup_strv_free_ char **lines = NULL;

        cr_assert_eq(net_resolv_conf_format(&dns, &text), 0);
        cr_expect_str_eq(text, "search a b\nnameserver 10.0.0.1\nnameserver ::1\noptions ndots:2\ndomain example\n");
        cr_assert_eq(net_resolv_conf_format(&empty, &nothing), 0);
        cr_expect_str_eq(nothing, "");
        cr_expect_eq(net_dns_check(&dns, &message), 0);
        cr_expect_eq(net_dns_check(&bad, &message), -EINVAL);
        cr_assert_eq(net_hosts_entry_parse("10.0.0.1=a,::1=b", &lines, &message), 0);
        cr_expect_eq(net_hosts_entry_parse("10.0.0.1=a b", &lines, &message), -EINVAL);
        cr_assert_eq(net_hosts_format("web", lines, &hosts), 0);
        cr_expect_str_eq(hosts,
                         "127.0.0.1 web localhost\n::1 web localhost ip6-localhost ip6-loopback\n10.0.0.1 a\n::1 b\n");
}

Test(net_files, address_of_the_host)
{
        _cleanup_strv_free_ char **lines = NULL, **settled = NULL, **none = NULL;
        _cleanup_free_ char *text = NULL, *message = NULL;

        cr_assert_eq(net_hosts_entry_parse("192.0.2.1=a,host-gateway=b,host-gateway=c", &lines, NULL), 0);
        cr_assert_eq(net_hosts_settle(lines, "172.16.0.1", &settled, &message), 0);
        text = strv_join(settled, ";");
        cr_expect_str_eq(text, "192.0.2.1 a;172.16.0.1 b;172.16.0.1 c");
        cr_expect_eq(net_hosts_settle(lines, NULL, &none, &message), -EADDRNOTAVAIL);
        cr_expect_str_eq(message, "'b' cannot have the host's address: no network of the pod has one; write the "
                                  "address in place of host-gateway");
}

/* The outside comes first, and IPv6 last. */
Test(net_files, gateways)
{
        static char *lan[] = { (char *) "fd00::1", (char *) "10.1.0.1", NULL };
        static char *wan[] = { (char *) "10.2.0.1", NULL }, *six[] = { (char *) "fd00::2", NULL };
        NetStateJoin joins[] = {
                { .gateways = wan },
                { .gateways = six, .native = true },
                { .gateways = lan, .native = true, .restricted = true },
                { .gateways = wan, .native = true },
        };

        cr_expect_null(net_state_gateway(&(NetState) { .joins = joins, .n_joins = 3 }));
        cr_expect_null(net_state_host(&(NetState) { .joins = joins, .n_joins = 1 }));
        cr_expect_str_eq(net_state_host(&(NetState) { .joins = joins, .n_joins = 2 }), "fd00::2");
        cr_expect_str_eq(net_state_host(&(NetState) { .joins = joins, .n_joins = 3 }), "10.1.0.1");
        cr_expect_str_eq(net_state_host(&(NetState) { .joins = joins, .n_joins = 4 }), "10.2.0.1");
        cr_expect_str_eq(net_state_gateway(&(NetState) { .joins = joins, .n_joins = 4 }), "10.2.0.1");
}

Test(net_files, resolv_conf_for_pods)
{
        static const struct {
                const char *host, *pod;
                bool lost;
                const char *gateway, *loopback;
        } cases[] = {
                { "", "", false },
                { "# x\n\n; y\nnameserver 192.0.2.1\nsearch a b", "nameserver 192.0.2.1\nsearch a b\n", false },
                { "nameserver 127.0.0.53\nnameserver\t192.0.2.1 \n", "nameserver\t192.0.2.1 \n", false },
                { "nameserver 127.0.0.53\noptions edns0\n", "options edns0\n", true },
                { "nameserver ::1\nnameserver 127.1.2.3\n", "", true, NULL, "127.1.2.3" },
                { "nameserver fe80::1%eth0\nnameserver 2001:db8::1\n", "nameserver 2001:db8::1\n", false },
                { "nameservers x\n", "nameservers x\n", false },
                { "nameserver 127.0.0.1\nnameserver 192.0.2.1\nnameserver 127.0.0.2\n",
                  "nameserver 10.0.0.1\nnameserver 192.0.2.1\n", false, "10.0.0.1", "127.0.0.1" },
                { "nameserver 127.0.0.54\nnameserver ::1\nnameserver\t127.0.0.2\n", "nameserver 10.0.0.1\n", false,
                  "10.0.0.1", "127.0.0.2" },
                { "nameserver 127.0.0.53\n", "", true, "10.0.0.1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL, *loopback = NULL;
                bool lost;

                cr_assert_eq(net_resolv_find_loopback(cases[i].host, &loopback), 0);
                cr_expect(streq_ptr(loopback, cases[i].loopback), "%zu", i);
                cr_assert_eq(net_resolv_translate(cases[i].host, cases[i].gateway, &text, &lost), 0);
                cr_expect_str_eq(text, cases[i].pod);
                cr_expect_eq(lost, cases[i].lost, "%zu", i);
        }
}
