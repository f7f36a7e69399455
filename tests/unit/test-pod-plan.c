/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod/plan-controllers.h"
#include "pod/plan-isolators.h"
#include "pod/plan-sources.h"
#include "pod/plan-stop.h"
#include "lib/test-plan.h"

static const PodSettings settings = { .name = (char *) "web" };

/* One line of the mounts that are the apps' volumes. */
static char *mounts_of(const PodPlan *plan)
{
        _cleanup_strv_free_ char **list = NULL;

        for (size_t i = 0; i < plan->n_apps; i++)
                for (size_t j = 0; j < plan->apps[i].mounts.n; j++) {
                        const PlanMount *m = &plan->apps[i].mounts.items[j];

                        if (m->kind != PLAN_MOUNT_OVERLAY && !m->over_links)
                                cr_assert_geq(strv_extendf(&list, "%s:%s=%s%s", m->app, m->target, m->source,
                                                           m->read_only ? ",ro" : ""), 0);
                }
        return strv_join(list, " ");
}

/* The files of /etc come behind all volumes. */
static const PlanMount *last_volume(const PodPlan *plan)
{
        const PlanMounts *mounts = &plan->apps[plan->n_apps - 1].mounts;
        size_t i = mounts->n;

        while (i > 0 && mounts->items[i - 1].over_links)
                i--;
        cr_assert_gt(i, 0);
        return &mounts->items[i - 1];
}

static const PlanMount *find_mount(const PodPlan *plan, size_t app, const char *target)
{
        const PlanMounts *mounts = &plan->apps[app].mounts;

        for (size_t i = 0; i < mounts->n; i++)
                if (streq(mounts->items[i].target, target))
                        return &mounts->items[i];
        cr_assert_fail("nothing is mounted on %s", target);
        return NULL;
}

Test(pod_plan, volumes)
{
        static const struct {
                const char *app;
                const char *mounts;
                const char *volumes;
                const char *expected;
        } cases[] = {
                { "", "", "", "" },
                { "", "{'volume':'a','path':'/a'}", "{'name':'a','kind':'host','source':'/src'}", "web:/a=/src" },
                { "", "{'volume':'a','path':'/a'}", "{'name':'a','kind':'empty'}",
                  "web:/a=/pods/run/" TEST_UUID "/volumes/a" },
                /* An app's own volume is another than the pod's of that name. */
                { "", "{'volume':'a','path':'/a','appVolume':{'name':'a','kind':'empty'}},{'volume':'a','path':'/b'}",
                  "{'name':'a','kind':'empty'}",
                  "web:/a=/pods/run/" TEST_UUID "/volumes/web.a web:/b=/pods/run/" TEST_UUID "/volumes/a" },
                /* Outer ones first, whatever the order of the manifest. */
                { "", "{'volume':'a','path':'/x/y/z'},{'volume':'a','path':'/x'},{'volume':'a','path':'/x/y'}",
                  "{'name':'a','kind':'host','source':'/s'}", "web:/x=/s web:/x/y=/s web:/x/y/z=/s" },
                { "", "{'volume':'a','path':'/x/y'},{'volume':'a','path':'/x-1'},{'volume':'a','path':'/x'}",
                  "{'name':'a','kind':'host','source':'/s'}", "web:/x=/s web:/x-1=/s web:/x/y=/s" },
                /* An unused volume is nothing to mount. */
                { "", "", "{'name':'a','kind':'host','source':'/s'}", "" },
                /* Read-only: the volume's word, else the mount point's. */
                { "", "{'volume':'a','path':'/a'}", "{'name':'a','kind':'host','source':'/s','readOnly':true}",
                  "web:/a=/s,ro" },
                { "'mountPoints':[{'name':'a','path':'/a','readOnly':true}]", "{'volume':'a','path':'/a'}",
                  "{'name':'a','kind':'host','source':'/s'}", "web:/a=/s,ro" },
                { "'mountPoints':[{'name':'a','path':'/a','readOnly':true}]", "{'volume':'a','path':'/a'}",
                  "{'name':'a','kind':'host','source':'/s','readOnly':false}", "web:/a=/s" },
                { "'mountPoints':[{'name':'a','path':'/a','readOnly':false}]", "{'volume':'a','path':'/a'}",
                  "{'name':'a','kind':'host','source':'/s','readOnly':true}", "web:/a=/s,ro" },
                { "'mountPoints':[{'name':'a','path':'/elsewhere','readOnly':true}]", "{'volume':'a','path':'/a'}",
                  "{'name':'a','kind':'host','source':'/s'}", "web:/a=/s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *mounts = strprintf("'mounts':[%s]", cases[i].mounts), *list = NULL,
                                    *volumes = strprintf("'volumes':[%s]", cases[i].volumes);
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &settings, cases[i].app, mounts, volumes), 0, "%s", p.message);
                list = mounts_of(p.plan);
                cr_expect_str_eq(list, cases[i].expected);
        }
}

/* Paths that name the same place in several ways: still nothing is mounted over what is inside it. */
Test(pod_plan, unclean_paths)
{
        static const struct {
                const char *inner;
                const char *outer;
        } cases[] = {
                { "//x/y", "/x" },
                { "/./x/y", "/x" },
                { "/a/../x/y", "/x" },
                { "/x//y", "/x" },
                { "/x/y", "/x/" },
                { "/-/../x/y", "/x/." },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (size_t turn = 0; turn < 2; turn++) {
                        _cleanup_free_ char *mounts = NULL;
                        _cleanup_(planned_done) Planned p = {};

                        mounts = strprintf("'mounts':[{'volume':'%s','path':'%s'},{'volume':'%s','path':'%s'}]",
                                           turn ? "outer" : "inner", turn ? cases[i].outer : cases[i].inner,
                                           turn ? "inner" : "outer", turn ? cases[i].inner : cases[i].outer);
                        cr_assert_eq(plan_app_json(&p, &settings, "", mounts,
                                                   "'volumes':[{'name':'inner','kind':'host','source':'/inner'},"
                                                   "{'name':'outer','kind':'host','source':'/outer'}]"),
                                     0, "%s", p.message);
                        cr_expect_str_eq(last_volume(p.plan)->source, "/inner", "%s behind %s",
                                         cases[i].outer, cases[i].inner);
                }
}

/* A mount that reaches a read-only mount point by another spelling of its path. */
Test(pod_plan, unclean_read_only)
{
        static const char *const paths[] = { "/a/", "//a", "/./a", "/b/../a" };

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_free_ char *mounts = strprintf("'mounts':[{'volume':'v','path':'%s'}]", paths[i]);
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &settings, "'mountPoints':[{'name':'v','path':'/a','readOnly':true}]",
                                           mounts, "'volumes':[{'name':'v','kind':'empty'}]"),
                             0, "%s", p.message);
                cr_expect(last_volume(p.plan)->read_only, "%s", paths[i]);
        }
}

Test(pod_plan, empty_volume)
{
        _cleanup_(planned_done) Planned p = {};
        const PlanMount *m;

        cr_assert_eq(plan_app_json(
                             &p, &settings, "", "'mounts':[{'volume':'a','path':'/a'}]",
                             "'volumes':[{'name':'a','kind':'empty','mode':'1777','uid':7,'gid':8,'recursive':false}]"),
                     0, "%s", p.message);
        m = last_volume(p.plan);
        cr_expect(m->make_source);
        cr_expect_eq(m->mode, 01777);
        cr_expect_eq(m->uid, 7);
        cr_expect_eq(m->gid, 8);
        cr_expect_not(m->recursive);
        cr_expect(m->map_ids);
        cr_expect_not(m->data_only);
}

Test(pod_plan, volume_kinds)
{
        static const struct {
                const char *volume;
                PlanMountKind kind;
                const char *source, *source_app, *device_access;
                bool map_ids, make_source, slave;
        } cases[] = {
                { "'kind':'empty'", PLAN_MOUNT_BIND, "/pods/run/" TEST_UUID "/volumes/a", NULL, NULL, true, true,
                  false },
                { "'kind':'empty','fromImage':true", PLAN_MOUNT_BIND, "/data", "web", NULL, false, false, false },
                { "'kind':'tmpfs','size':4096", PLAN_MOUNT_TMPFS, "a", NULL, NULL, true, false, false },
                { "'kind':'named'", PLAN_MOUNT_NAMED, "a", NULL, NULL, true, false, false },
                { "'kind':'named','volume':'b'", PLAN_MOUNT_NAMED, "b", NULL, NULL, true, false, false },
                { "'kind':'host','source':'/s'", PLAN_MOUNT_BIND, "/s", NULL, "rw", true, false, false },
                { "'kind':'host','source':'/s','create':true", PLAN_MOUNT_BIND, "/s", NULL, "rw", true, true, false },
                { "'kind':'host','source':'/s','readOnly':true", PLAN_MOUNT_BIND, "/s", NULL, "r", true, false, false },
                { "'kind':'host','source':'/s','deviceAccess':'rwm'", PLAN_MOUNT_BIND, "/s", NULL, "rwm", true, false,
                  false },
                { "'kind':'host','source':'/s','idMap':false", PLAN_MOUNT_BIND, "/s", NULL, "rw", false, false, false },
                { "'kind':'host','source':'/s','propagation':'slave'", PLAN_MOUNT_BIND, "/s", NULL, "rw", true, false,
                  true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *volumes = strprintf("'volumes':[{'name':'a',%s}]", cases[i].volume);
                _cleanup_(planned_done) Planned p = {};
                const PlanMount *m;

                cr_assert_eq(plan_app_json(&p, &settings, "", "'mounts':[{'volume':'a','path':'/data'}]", volumes), 0,
                             "%s", p.message);
                m = last_volume(p.plan);
                cr_expect_eq(m->kind, cases[i].kind, "%s", cases[i].volume);
                cr_expect_str_eq(m->source, cases[i].source, "%s", cases[i].volume);
                cr_expect(streq_ptr(m->source_app, cases[i].source_app), "%s", cases[i].volume);
                cr_expect(streq_ptr(m->device_access, cases[i].device_access), "%s: %s", cases[i].volume,
                          m->device_access);
                cr_expect_eq(m->map_ids, cases[i].map_ids, "%s", cases[i].volume);
                cr_expect_eq(m->make_source, cases[i].make_source, "%s", cases[i].volume);
                cr_expect_eq(m->slave, cases[i].slave, "%s", cases[i].volume);
        }
}

/* The first app that mounts it decides what is in it, wherever the others do. */
Test(pod_plan, named_volume)
{
        static const char apps[] =
                "{'acKind':'PodManifest','acVersion':'0.8.11','apps':["
                "{'name':'a','image':{'id':'sha512-aa'},'app':{'exec':['/a'],'user':'0','group':'0'},"
                "'mounts':[{'volume':'v','path':'/data'}]},"
                "{'name':'b','image':{'id':'sha512-bb'},'app':{'exec':['/b'],'user':'0','group':'0'},"
                "'mounts':[{'volume':'v','path':'/srv/x'},"
                "{'volume':'w','path':'/w','appVolume':{'name':'w','kind':'named','readOnly':true}}]}],"
                "'volumes':[{'name':'v','kind':'named','volume':'kept'}]}";
        _cleanup_(planned_done) Planned p = {};
        _cleanup_free_ char *json = NULL;
        const PlanMount *m;

        json = quoted(apps);
        cr_assert_eq(plan_json(&p, &settings, json), 0, "%s", p.message);
        m = find_mount(p.plan, 0, "/data");
        cr_expect_str_eq(m->source, "kept");
        cr_expect_str_eq(m->content_app, "a");
        cr_expect_str_eq(m->content, "/data");
        cr_expect(m->map_ids);
        cr_expect_not(m->read_only);
        cr_expect_not(m->recursive);
        cr_expect_not(m->data_only);
        m = find_mount(p.plan, 1, "/srv/x");
        cr_expect_str_eq(m->source, "kept");
        cr_expect_str_eq(m->content_app, "a");
        cr_expect_str_eq(m->content, "/data");
        m = find_mount(p.plan, 1, "/w");
        cr_expect_str_eq(m->source, "w");
        cr_expect_str_eq(m->content_app, "b");
        cr_expect(m->read_only);
}

Test(pod_plan, created_source)
{
        _cleanup_(planned_done) Planned p = {};
        const PlanMount *m;

        cr_assert_eq(plan_app_json(&p, &settings, "", "'mounts':[{'volume':'a','path':'/a'}]",
                                   "'volumes':[{'name':'a','kind':'host','source':'/no/such','create':true}]"),
                     0, "%s", p.message);
        m = last_volume(p.plan);
        cr_expect_eq(m->mode, 0755);
        cr_expect_eq(m->uid, 0);
        cr_expect_eq(plan_resolve_sources(p.plan, &p.message), 0, "%s", p.message);
}

/* Which files of /etc a pod gets, and when: "TARGET=SOURCE", "?" where the start knows, "+" where the app lacks it. */
static char *files_of(const PodPlan *plan)
{
        _cleanup_strv_free_ char **list = NULL;

        for (size_t i = 0; i < plan->apps[0].mounts.n; i++) {
                const PlanMount *m = &plan->apps[0].mounts.items[i];

                if (m->over_links)
                        cr_assert_geq(strv_extendf(&list, "%s%s%s%s%s=%s", m->target, m->if_source ? "?" : "",
                                                   m->if_absent ? "+" : "", m->unless_volume ? "-" : "",
                                                   m->read_only ? "!" : "", m->source), 0);
        }
        return strv_join(list, " ");
}

#define FILES "/pods/run/" TEST_UUID "/files/"

#define VIEW "/run/podctl/network/views/" TEST_UUID "/hosts "

Test(pod_plan, files)
{
        static char *lines[] = { (char *) "192.0.2.1 a", NULL };
        _cleanup_json_object_ json_object *conf = json_tokener_parse("{'plugins':[{'type':'podctl'}]}");
        NetJoin join = { .name = (char *) "lan", .interface = (char *) "eth0", .conf = conf };
        NetJoin joins[] = { join, { .name = (char *) "wan", .interface = (char *) "eth1", .conf = conf } };
        const PodSettings entries = { .name = (char *) "web", .hosts = lines };
        const PodSettings both = { .name = (char *) "web", .hosts = lines, .joins = &join, .n_joins = 1 };
        const PodSettings two = { .name = (char *) "web", .net = (char *) "lan,wan", .joins = joins, .n_joins = 2 };
        const PodSettings native = { .name = (char *) "web", .net = (char *) "lan", .joins = &join, .n_joins = 1 };
        const PodSettings rkt = {
                .name = (char *) "web", .net = (char *) "lan", .joins = &join, .n_joins = 1, .image_etc = true
        };
        const struct {
                const PodSettings *settings;
                const char *mounts;
                const char *expected;
        } cases[] = {
                { &settings, "",
                  "/etc/resolv.conf?=" FILES "resolv.conf /etc/hosts-=" FILES "hosts /etc/hostname-=" FILES
                  "hostname" },
                { &native, "",
                  "/etc/resolv.conf?-=" FILES "resolv.conf /etc/hosts-!=/run/podctl/network/networks/lan/hosts "
                  "/etc/hostname-=" FILES "hostname" },
                { &rkt, "",
                  "/etc/resolv.conf?=" FILES "resolv.conf /etc/hosts+-!=/run/podctl/network/networks/lan/hosts "
                  "/etc/hostname+-=" FILES "hostname" },
                { &entries, "",
                  "/etc/resolv.conf?=" FILES "resolv.conf /etc/hosts=" FILES "hosts /etc/hostname-=" FILES "hostname" },
                /* The names of several networks, or of one beside the pod's own entries. */
                { &two, "",
                  "/etc/resolv.conf?-=" FILES "resolv.conf /etc/hosts-!=" VIEW "/etc/hostname-=" FILES "hostname" },
                { &both, "",
                  "/etc/resolv.conf?=" FILES "resolv.conf /etc/hosts!=" VIEW "/etc/hostname-=" FILES "hostname" },
                /* What nobody asked for yields to what the user mounts. */
                { &native, "{'volume':'a','path':'/etc/resolv.conf'}",
                  "/etc/hosts-!=/run/podctl/network/networks/lan/hosts "
                  "/etc/hostname-=" FILES "hostname" },
                /* What is mounted there by the user stays, but for name servers. */
                { &entries,
                  "{'volume':'a','path':'/etc/hosts'},{'volume':'a','path':'/etc//hostname'},"
                  "{'volume':'a','path':'/etc/resolv.conf'}",
                  "/etc/resolv.conf?=" FILES "resolv.conf" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *mounts = strprintf("'mounts':[%s]", cases[i].mounts), *list = NULL;
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, cases[i].settings, "", mounts,
                                           "'volumes':[{'name':'a','kind':'host','source':'/s'}]"), 0, "%s", p.message);
                list = files_of(p.plan);
                cr_expect_str_eq(list, cases[i].expected);
        }
}

/* Forwarded ports as the network is told of them. */
Test(pod_plan, ports)
{
        static const PodSettings on_default = { .name = (char *) "web", .net = (char *) "default" },
                                 on_host = { .name = (char *) "web", .net = (char *) "host" };
        static const struct {
                const PodSettings *settings;
                const char *app;
                const char *pod;
                const char *expected; /* NULL: refused, and then part of the message */
                const char *words;
        } cases[] = {
                { &on_default, "'ports':[{'name':'http','protocol':'tcp','port':80}]",
                  "'ports':[{'name':'http','hostPort':8080}]", "tcp port 8080>80", NULL },
                { &on_default, "'ports':[{'name':'many','protocol':'udp','port':80,'count':3}]",
                  "'ports':[{'name':'many','hostPort':8080,'hostIP':'::1'}]", "udp ports [::1]:8080-8082>80", NULL },
                { &on_default, "",
                  "'ports':[{'name':'own','hostPort':1,'podPort':{'name':'own','protocol':'tcp','port':2}}]",
                  "tcp port 1>2", NULL },
                { &on_host, "'ports':[{'name':'http','protocol':'tcp','port':80}]",
                  "'ports':[{'name':'http','hostPort':8080}]", "", NULL },
                { &on_default, "'ports':[{'name':'a','protocol':'icmp','port':80}]",
                  "'ports':[{'name':'a','hostPort':80}]", NULL, "'icmp'" },
                { &on_default, "'ports':[{'name':'a','protocol':'tcp','port':1,'count':100}]",
                  "'ports':[{'name':'a','hostPort':65500}]", NULL, "100 ports" },
                { &on_default,
                  "'ports':[{'name':'a','protocol':'tcp','port':1,'count':10},{'name':'b','protocol':'tcp','port':50}]",
                  "'ports':[{'name':'a','hostPort':80},{'name':'b','hostPort':89,'hostIP':'10.0.0.1'}]", NULL,
                  "'a' and 'b'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **list = NULL;
                _cleanup_free_ char *text = NULL;
                _cleanup_(planned_done) Planned p = {};
                int r = plan_app_json(&p, cases[i].settings, cases[i].app, "", cases[i].pod);

                if (!cases[i].expected) {
                        cr_expect_eq(r, -EINVAL);
                        cr_expect(strstr(strempty(p.message), cases[i].words), "%s", strempty(p.message));
                        continue;
                }
                cr_assert_eq(r, 0, "%s", p.message);
                for (size_t k = 0; k < p.plan->n_ports; k++) {
                        _cleanup_free_ char *host = net_port_describe(&p.plan->ports[k]);

                        cr_assert_geq(strv_extendf(&list, "%s>%u", host, p.plan->ports[k].port), 0);
                }
                text = strv_join(list, " ");
                cr_expect_str_eq(text, cases[i].expected);
        }
}

Test(pod_plan, private_users)
{
        PodSettings s = { .name = (char *) "web" };

        for (Tristate t = TRISTATE_UNSET; t <= TRISTATE_YES; t++) {
                _cleanup_(planned_done) Planned p = {};

                s.private_users = t;
                cr_assert_eq(plan_app_json(&p, &s, "", "'mounts':[{'volume':'a','path':'/a'}]",
                                           "'volumes':[{'name':'a','kind':'empty'}]"), 0);
                for (size_t i = 0; i < p.plan->mounts.n; i++)
                        cr_expect_eq(p.plan->mounts.items[i].map_ids, t != TRISTATE_NO, "%s",
                                     p.plan->mounts.items[i].target);
                for (size_t i = 0; i < p.plan->apps[0].mounts.n; i++)
                        cr_expect_eq(p.plan->apps[0].mounts.items[i].map_ids, t != TRISTATE_NO, "%s",
                                     p.plan->apps[0].mounts.items[i].target);
        }
}

Test(pod_plan, environment)
{
        static const struct {
                const char *environment;
                const char *expected;
        } cases[] = {
                { "", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SHELL=/bin/sh USER=root "
                      "LOGNAME=root "
                      "HOME=/root AC_APP_NAME=web container=podctl" },
                { "{'name':'HOME','value':'/home/me'},{'name':'A','value':'b'}",
                  "HOME=/home/me A=b PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SHELL=/bin/sh "
                  "USER=root "
                  "LOGNAME=root AC_APP_NAME=web container=podctl" },
                { "{'name':'PATH','value':''},{'name':'SHELL','value':''},{'name':'USER','value':'u'},"
                  "{'name':'LOGNAME','value':'u'},{'name':'HOME','value':'/'}",
                  "PATH= SHELL= USER=u LOGNAME=u HOME=/ AC_APP_NAME=web container=podctl" },
                /* This one is not the image's to choose. */
                { "{'name':'AC_APP_NAME','value':'other'},{'name':'PATH','value':'/bin'},{'name':'SHELL','value':'/bin/"
                  "sh'},"
                  "{'name':'USER','value':'u'},{'name':'LOGNAME','value':'u'},{'name':'HOME','value':'/'}",
                  "AC_APP_NAME=web PATH=/bin SHELL=/bin/sh USER=u LOGNAME=u HOME=/ container=podctl" },
                /* The user's, which only the image's root can tell. */
                { "{'name':'USER','value':'u'}],'homeFromUser':true,'userAnnotations':{},'ports':[",
                  "USER=u PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SHELL=/bin/sh "
                  "AC_APP_NAME=web "
                  "container=podctl" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *app = strprintf("'environment':[%s]", cases[i].environment), *list = NULL;
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &settings, app, "", ""), 0, "%s", p.message);
                list = strv_join(p.plan->apps[0].environment, " ");
                cr_expect_str_eq(list, cases[i].expected);
        }
}

/* rkt's own cases: what is set stays what it was, and comes first. */
Test(pod_plan, rkt_environment)
{
        json_object *table = open_table("rkt-env");
        size_t n = 0;

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *environment, *expected, *inner;
                _cleanup_free_ char *app = NULL;
                _cleanup_(planned_done) Planned p = {};

                inner = json_object_object_get(json_object_array_get_idx(table, i), "case");
                if (!json_object_is_type(inner, json_type_object) ||
                    !json_object_object_get_ex(inner, "env", &environment) ||
                    !json_object_object_get_ex(inner, "expected", &expected))
                        continue;
                app = strprintf("\"environment\":%s", json_object_to_json_string(environment));
                cr_assert_eq(plan_app_json(&p, &settings, app, "", ""), 0, "%s", p.message);
                for (size_t j = 0; expected && j < json_object_array_length(expected); j++)
                        cr_expect_str_eq(p.plan->apps[0].environment[j],
                                         json_object_get_string(json_object_array_get_idx(expected, j)));
                n++;
        }
        cr_expect_gt(n, 0);
        json_object_put(table);
}

#define DEFAULT_CAPABILITIES                                                                                   \
        "AUDIT_WRITE CHOWN DAC_OVERRIDE FSETID FOWNER KILL MKNOD NET_RAW NET_BIND_SERVICE SETUID SETGID "      \
        "SETPCAP SETFCAP SYS_CHROOT"

Test(pod_plan, capabilities)
{
        static const struct {
                const char *isolator;
                const char *expected;
        } cases[] = {
                { "", DEFAULT_CAPABILITIES },
                { "{'name':'os/linux/capabilities-retain-set','value':{'set':['CAP_NET_ADMIN','CAP_KILL']}}",
                  "NET_ADMIN KILL" },
                { "{'name':'os/linux/capabilities-retain-set','value':{'set':['CAP_NET_ADMIN','CAP_NET_ADMIN']}}",
                  "NET_ADMIN NET_ADMIN" },
                { "{'name':'os/linux/"
                  "capabilities-remove-set','value':{'set':['CAP_AUDIT_WRITE','CAP_MKNOD','CAP_SYS_ADMIN']}}",
                  "CHOWN DAC_OVERRIDE FSETID FOWNER KILL NET_RAW NET_BIND_SERVICE SETUID SETGID SETPCAP SETFCAP "
                  "SYS_CHROOT" },
                { "{'name':'os/linux/capabilities-remove-set','value':{'set':['CAP_SYS_ADMIN']}}",
                  DEFAULT_CAPABILITIES },
                { "{'name':'os/linux/capabilities-retain-set','value':{'set':['net_admin','cap_Kill']}}",
                  "NET_ADMIN KILL" },
                { "{'name':'os/linux/capabilities-remove-set','value':{'set':['All']}}", "" },
                { "{'name':'os/linux/capabilities-remove-set','value':{'set':['cap_chown','Mknod']}}",
                  "AUDIT_WRITE DAC_OVERRIDE FSETID FOWNER KILL NET_RAW NET_BIND_SERVICE SETUID SETGID SETPCAP SETFCAP "
                  "SYS_CHROOT" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *app = strprintf("'isolators':[%s]", cases[i].isolator), *list = NULL;
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &settings, app, "", ""), 0, "%s", p.message);
                list = strv_join(p.plan->apps[0].capabilities, " ");
                if (i == 2) /* twice is as good as once */
                        cr_expect(streq(list, cases[i].expected) || streq(list, "NET_ADMIN"));
                else
                        cr_expect_str_eq(list, cases[i].expected);
                cr_expect_not(p.plan->apps[0].unrestricted);
                cr_expect_eq(strv_length(p.plan->ignored), 0);
        }
}

/* Of those that the app has. */
Test(pod_plan, ambient_capabilities)
{
        static const struct {
                const char *names, *expected, *refused;
        } cases[] = {
                { "NET_RAW", "NET_RAW", NULL },
                { "CAP_NET_RAW,CHOWN", "NET_RAW CHOWN", NULL },
                { "ALL", "ALL", NULL },
                { "", "", NULL },
                { "NET_RAW,CAP_SYS_TIME", NULL, "'CAP_SYS_TIME', which the app does not have" },
                { "NOTHING", NULL, "'CAP_NOTHING', which the app does not have" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *list = NULL, *app = strprintf("'annotations':[{'name':"
                                                                   "'podctl/ambient-capabilities','value':'%s'}]",
                                                                   cases[i].names);
                _cleanup_(planned_done) Planned p = {};
                int r = plan_app_json(&p, &settings, "", app, "");

                if (cases[i].refused) {
                        cr_expect_eq(r, -EINVAL, "%s", cases[i].names);
                        cr_expect(p.message && strstr(p.message, cases[i].refused), "%s", strempty(p.message));
                        continue;
                }
                cr_assert_eq(r, 0, "%s", p.message);
                list = strv_join(p.plan->apps[0].ambient, " ");
                cr_expect_str_eq(strempty(list), cases[i].expected);
        }
}

Test(pod_plan, isolators)
{
        static const struct {
                const char *name;
                const char *value;
                const char *app; /* line of the app's unit; NULL: said to have no effect */
                const char *pod; /* property of the pod's unit */
        } cases[] = {
                { "resource/memory", "{'limit':'64Mi'}", "MemoryMax=67108864", "MemoryMax=67108864" },
                { "resource/memory", "{'request':'1G'}", "", "" },
                { "resource/cpu", "{'limit':'1500m'}", "CPUQuota=150%", "CPUQuota=150%" },
                { "resource/cpu", "{'limit':'1m'}", "CPUQuota=0.1%", "CPUQuota=0.1%" },
                { "resource/cpu", "{'limit':'0'}", "CPUQuota=0.1%", "CPUQuota=0.1%" },
                { "resource/cpu", "{'limit':'55m'}", "CPUQuota=5.5%", "CPUQuota=5.5%" },
                { "resource/cpu", "{'request':'1'}", "", "" },
                { "os/linux/cpu-shares", "2", "CPUWeight=1", "CPUWeight=1" },
                { "os/linux/cpu-shares", "1024", "CPUWeight=100", "CPUWeight=100" },
                { "os/linux/cpu-shares", "262144", "CPUWeight=10000", "CPUWeight=10000" },
                { "os/linux/oom-score-adj", "-100", "OOMScoreAdjust=-100", NULL },
                { "os/linux/no-new-privileges", "true", "", NULL },
                { "os/linux/no-new-privileges", "false", "", NULL },
                { "os/linux/selinux-context", "{'user':'u','role':'r','type':'t','level':'s0'}", "", NULL },
                { "os/linux/apparmor-profile", "{'profile':'p'}", "", NULL },
                { "os/linux/seccomp-retain-set", "{'set':['read']}", "", NULL },
                { "os/unix/sysctl", "{'kernel.shmmax':'1'}", NULL, "" },
                { "example.com/ponies", "{'n':3}", NULL, NULL },
        };
        _cleanup_(planned_done) Planned plain = {};

        cr_assert_eq(plan_app_json(&plain, &settings, "", "", ""), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (int of_pod = 0; of_pod < 2; of_pod++) {
                        _cleanup_free_ char *isolators =
                                strprintf("'isolators':[{'name':'%s','value':%s}]", cases[i].name, cases[i].value);
                        _cleanup_(planned_done) Planned p = {};
                        const char *expected = of_pod ? cases[i].pod : cases[i].app;
                        size_t n_plain = strv_length(plain.plan->unit_properties);
                        char **lines;

                        cr_assert_eq(plan_app_json(&p, &settings, of_pod ? "" : isolators, "", of_pod ? isolators : ""),
                                     0, "%s", p.message);
                        lines = of_pod ? p.plan->unit_properties + n_plain : p.plan->apps[0].limits;
                        cr_expect_eq(strv_length(lines), !isempty(expected), "%s", isolators);
                        if (!isempty(expected) && strv_length(lines) == 1)
                                cr_expect_str_eq(lines[0], expected);
                        cr_expect_eq(strv_length(of_pod ? p.plan->apps[0].limits : p.plan->unit_properties + n_plain),
                                     0);
                        cr_expect_eq(strv_length(p.plan->ignored), !expected, "%s", isolators);
                        if (!expected && p.plan->ignored)
                                cr_expect(strstr(p.plan->ignored[0], cases[i].name) &&
                                                  strstr(p.plan->ignored[0], of_pod ? "the pod" : "'web'"),
                                          "%s", p.plan->ignored[0]);
                }
}

#define IMAGE "'image':{'name':'example.com/a'}"
#define APP "'app':{'exec':['/a'],'user':'0','group':'0'}"

/* One line for each controller that the host lacks and a limit needs. */
Test(pod_plan, missing_controllers)
{
        static const struct {
                bool memory, cpu;
                const char *missing, *lines;
        } cases[] = {
                { true, true, "", "" },
                { false, false, "cpu,memory,pids,io", "" },
                { true, false, "cpu,io,pids", "" },
                { true, false, "memory",
                  "MemoryMax=67108864 has no effect: this host has no cgroup controller 'memory'" },
                { true, true, "cpu,memory",
                  "CPUQuota=50% has no effect: this host has no cgroup controller 'cpu'\n"
                  "MemoryMax=67108864 has no effect: this host has no cgroup controller 'memory'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **limits = NULL, **missing = NULL, **lines = NULL, **of_app = NULL;
                PlanApp app = {};
                const PodPlan plan = { .apps = &app, .n_apps = 1 };
                _cleanup_free_ char *text = NULL, *alone = NULL;

                if (cases[i].memory)
                        cr_assert_geq(strv_extend(&limits, "MemoryMax=67108864"), 0);
                if (cases[i].cpu)
                        cr_assert_geq(strv_extend(&limits, "CPUQuota=50%"), 0);
                app.limits = limits;
                cr_assert_eq(strv_split(cases[i].missing, ',', &missing), 0);
                cr_assert_geq(plan_without_controllers(&plan, missing, &lines), 0);
                cr_assert_geq(app_without_controllers(&app, missing, &of_app), 0);
                text = strv_join(lines, "\n");
                alone = strv_join(of_app, "\n");
                cr_expect_str_eq(strempty(alone), cases[i].lines, "%zu: %s", i, alone);
                cr_expect_str_eq(strempty(text), cases[i].lines, "%zu: %s", i, text);
        }
}

Test(pod_plan, refuses)
{
        static const struct {
                const char *members;
                const char *message;
        } cases[] = {
                { "'apps':[]", "app" },
                { "'apps':[{'name':'a'," IMAGE "}]", "no program to execute" },
                { "'apps':[{'name':'a'," IMAGE ",'app':{'exec':[],'user':'0','group':'0'}}]", "no program to execute" },
                { "'apps':[{'name':'dbus'," IMAGE "," APP "}]", "dbus" },
                { "'apps':[{'name':'a'," IMAGE "," APP "},{'name':'systemd-journald'," IMAGE "," APP "}]", "apps[1]" },
                { "'apps':[{'name':'systemd-exit'," IMAGE "," APP "}]", "systemd-exit" },
                { "'apps':[{'name':'systemd-poweroff'," IMAGE "," APP "}]", "--name" },
                { "'apps':[{'name':'systemd-halt'," IMAGE "," APP "}]", "--name" },
                { "'apps':[{'name':'systemd-reboot'," IMAGE "," APP "}]", "--name" },
                { "'apps':[{'name':'a'," IMAGE "," APP "},{'name':'a'," IMAGE "," APP "}]", "'a'" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'mounts':[{'volume':'v','path':'/v'}]}]", "'v'" },
                { "'apps':[{'name':'a'," IMAGE "," APP
                  ",'mounts':[{'volume':'v','path':'/v'},{'volume':'w','path':'/v/'}]}],"
                  "'volumes':[{'name':'v','kind':'empty'},{'name':'w','kind':'empty'}]",
                  "/v" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'mounts':[{'volume':'v','path':'/var/../run/'}]}],"
                  "'volumes':[{'name':'v','kind':'empty','readOnly':true}]",
                  "app 'a': volume 'v' is read-only, and cannot be all of the app's /run" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/non-root','value':'yes'}]}]",
                  "'podctl/non-root' is 'true' or 'false', not 'yes'" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/pids','value':'own'}]}]",
                  "'podctl/pids', or option --pids, is 'private', 'shared' or 'app:' with the name of an app, "
                  "not 'own'" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/pids','value':'app:b'}]}]",
                  "'podctl/pids' is 'app:b', and the pod has no app 'b'" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/pids','value':'app:a'}]}]",
                  "'podctl/pids' is 'app:a', which has no processes of its own" },
                { "'apps':[{'name':'a'," IMAGE "," APP "}],'annotations':[{'name':'podctl/pids','value':''}]",
                  "'podctl/pids', or option --pids, is 'private' or 'shared', not ''" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/on-failure','value':'stop'}]}]",
                  "apps[0].annotations: 'podctl/on-failure' is 'fail' or 'none', not 'stop'" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/on-failure','value':'none'},"
                  "{'name':'podctl/restart','value':'always'}]}]",
                  "apps[0].annotations: 'podctl/on-failure' is for an app that is not restarted" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/restart-backoff',"
                  "'value':'1'}]}]",
                  "apps[0].annotations: 'podctl/restart-backoff' is 'true' or 'false', not '1'" },
                { "'apps':[{'name':'a'," IMAGE "," APP ",'annotations':[{'name':'podctl/oneshot','value':'1'}]}]",
                  "'podctl/oneshot' is 'true' or 'false', not '1'" },
                { "'apps':[{'name':'a'," IMAGE "," APP "}],'ports':[{'name':'http','hostPort':80}]", "'http'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = strprintf("{'acKind':'PodManifest','acVersion':'0.8.11',%s}",
                                                      cases[i].members),
                                    *text = quoted(json);
                _cleanup_(planned_done) Planned p = {};

                cr_expect_eq(plan_json(&p, &settings, text), -EINVAL, "%s", json);
                cr_expect_null(p.plan);
                cr_assert(p.message, "%s", json);
                cr_expect(strstr(p.message, cases[i].message), "%s", p.message);
        }
}

/* An app's unit must not take the place of one that every pod has. */
Test(pod_plan, reserved_names)
{
        _cleanup_free_ char *directory = strprintf("%s/../../units/pod", getenv("PODCTL_TEST_DATA"));
        _cleanup_strv_free_ char **units = NULL;
        size_t n = 0;

        cr_assert_eq(list_directory_at(AT_FDCWD, directory, &units), 0);
        STRV_FOREACH(unit, units) {
                const char *end = endswith(*unit, ".service");
                _cleanup_free_ char *json = NULL, *text = NULL;
                _cleanup_(planned_done) Planned p = {};

                if (!end)
                        continue;
                json = strprintf("{'acKind':'PodManifest','acVersion':'0.8.11','apps':[{'name':'%.*s'," IMAGE "," APP
                                 "}]}",
                                 (int) (end - *unit), *unit);
                text = quoted(json);
                cr_expect_lt(plan_json(&p, &settings, text), 0, "%s", *unit);
                n++;
        }
        cr_expect_gt(n, 3);
}

/* Read and written; inside the pod the disk is known by another file of it than outside. */
Test(pod_plan, block_isolators)
{
        static const char isolators[] =
                "'isolators':[{'name':'resource/block-bandwidth','value':{'default':true,'limit':'2M'}},"
                "{'name':'resource/block-iops','value':{'default':true,'limit':30}}]";
        static const char *const expected[][4] = {
                { "IOReadBandwidthMax=" POD_STATUS_DIR " 2000000", "IOWriteBandwidthMax=" POD_STATUS_DIR " 2000000",
                  "IOReadIOPSMax=" POD_STATUS_DIR " 30", "IOWriteIOPSMax=" POD_STATUS_DIR " 30" },
                { "IOReadBandwidthMax=/ 2000000", "IOWriteBandwidthMax=/ 2000000", "IOReadIOPSMax=/ 30",
                  "IOWriteIOPSMax=/ 30" },
        };

        for (int of_pod = 0; of_pod < 2; of_pod++) {
                _cleanup_(planned_done) Planned p = {};

                cr_assert_eq(plan_app_json(&p, &settings, of_pod ? "" : isolators, "", of_pod ? isolators : ""), 0,
                             "%s", p.message);
                for (size_t i = 0; i < ELEMENTSOF(expected[0]); i++)
                        cr_expect(strv_contains(of_pod ? p.plan->unit_properties : p.plan->apps[0].limits,
                                                expected[of_pod][i]),
                                  "%s", expected[of_pod][i]);
        }
}

Test(pod_plan, bandwidth_that_cannot_be)
{
        static const struct {
                const char *name, *limit;
                const char *net;
                bool of_pod;
                const char *message;
        } cases[] = {
                { "resource/block-bandwidth", "0", NULL, false, "app 'web': isolator resource/block-bandwidth" },
                { "resource/block-iops", "0", NULL, true, "pod: isolator resource/block-iops" },
                { "resource/network-bandwidth", "1M", NULL, false, "app 'web': isolator resource/network-bandwidth" },
                { "resource/network-bandwidth", "1M", "host", true, "host's own network" },
                { "resource/network-bandwidth", "0", NULL, true, "pod: isolator resource/network-bandwidth" },
                { "resource/network-bandwidth", "1M", NULL, true, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *isolators =
                        strprintf("'isolators':[{'name':'%s','value':{'default':true,'limit':'%s'}}]", cases[i].name,
                                  cases[i].limit);
                const PodSettings s = { .name = (char *) "web", .net = (char *) cases[i].net };
                _cleanup_(planned_done) Planned p = {};
                int r;

                r = plan_app_json(&p, &s, cases[i].of_pod ? "" : isolators, "", cases[i].of_pod ? isolators : "");
                cr_expect_eq(r, cases[i].message ? -EINVAL : 0, "%zu: %s", i, p.message);
                if (cases[i].message)
                        cr_expect(p.message && strstr(p.message, cases[i].message), "%s", p.message);
                else
                        cr_expect_eq(plan_network_bandwidth(p.plan), 1000000);
        }
}

/* The pod is not killed before the slowest of its apps. */
Test(pod_plan, stop_timeout)
{
        static const struct {
                const char *app;
                const char *property;
        } cases[] = {
                { "'stopTimeout':75", "TimeoutStopSec=90s" },
                { "'stopTimeout':76", "TimeoutStopSec=91s" },
                { "'stopTimeout':-1", "TimeoutStopSec=infinity" },
                { "'stopTimeout':76,'preStop':['SLEEP','5']", "TimeoutStopSec=94s" },
                { "'eventHandlers':[{'name':'post-stop','exec':['/bin/true']}],'stopTimeout':50",
                  "TimeoutStopSec=95s" },
                { "", "TimeoutStopSec=90s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(planned_done) Planned p = {};
                const char *found = NULL;

                cr_assert_eq(plan_app_json(&p, &settings, cases[i].app, "", ""), 0, "%s", p.message);
                STRV_FOREACH(property, p.plan->unit_properties)
                        if (startswith(*property, "TimeoutStopSec="))
                                found = *property;
                cr_expect(streq_ptr(found, cases[i].property), "%s: %s", cases[i].app, found);
        }
}

/* Apps that depend on each other end one after another, and the unit's time has to do for all of them. */
Test(pod_plan, stop_in_order)
{
        static const char app[] =
                "{'name':'%s','image':{'name':'example.com/web'},'annotations':[{'name':'podctl/%s','value':'%s'}],"
                "'app':{'exec':['/bin/web'],'user':'0','group':'0','stopTimeout':50}}";
        static const struct {
                const char *how;
                const char *property;
                int64_t limited;
        } cases[] = {
                { "after", "TimeoutStopSec=165s", 25 },
                { "requires", "TimeoutStopSec=165s", 25 },
                { "image", "TimeoutStopSec=90s", 50 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *a = strprintf(app, "a", cases[i].how, "b"),
                                    *b = strprintf(app, "b", cases[i].how, "c"), *c = strprintf(app, "c", "image", "x"),
                                    *json = NULL;
                _cleanup_free_ char *text =
                        strprintf("{'acKind':'PodManifest','acVersion':'0.8.11','apps':[%s,%s,%s]}", a, b, c);
                _cleanup_(planned_done) Planned p = {};

                json = quoted(text);
                cr_assert_eq(plan_json(&p, &settings, json), 0, "%s", p.message);
                cr_expect(strv_contains(p.plan->unit_properties, cases[i].property), "%s", cases[i].how);
                cr_assert_eq(plan_stop_limit(p.plan, 90), 0);
                for (size_t j = 0; j < 3; j++)
                        cr_expect_eq(p.plan->apps[j].stop_timeout, cases[i].limited);
                cr_expect_eq(strv_length(p.plan->ignored), cases[i].limited == 50 ? 0 : 3);
        }
}

/* What --dry-run says */
static void expect_print(const char *name, const PodSettings *s)
{
        _cleanup_free_ char *json_name = strjoin("plan/", name, ".json"), *text_name = strjoin("plan/", name, ".txt"),
                            *json = NULL, *expected = NULL, *text = NULL;
        _cleanup_(planned_done) Planned p = {};
        size_t n;
        FILE *f;

        json = read_data(json_name, &n);
        cr_assert_eq(plan_json(&p, s, json), 0, "%s: %s", name, p.message);
        f = open_memstream(&text, &n);
        pod_plan_print(p.plan, f);
        cr_assert_eq(fclose(f), 0);
        expected = read_expected(text_name);
        cr_expect_str_eq(text, expected, "%s:\n%s", name, text);
}

/* Who prints a plan wants to know what an image asks for: it cannot write lines of its own into it, or hide any. */
Test(pod_plan, print_is_text)
{
        _cleanup_(planned_done) Planned p = {};
        _cleanup_free_ char *text = NULL;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        cr_assert_eq(
                plan_app_json(
                        &p, &settings,
                        "'environment':[{'name':'B','value':'\\u001b[2J'},{'name':'A','value':'1\\n    capability X'}]",
                        "", ""),
                0, "%s", p.message);
        pod_plan_print(p.plan, f);
        cr_assert_eq(fclose(f), 0);
        cr_expect(strstr(text, "    environment B=?[2J\n"), "%s", text);
        cr_expect(strstr(text, "    environment A=1?    capability X\n"), "%s", text);
}

Test(pod_plan, print)
{
        const PodSettings full = { .name = (char *) "shop",
                                   .hostname = (char *) "shop.example.com",
                                   .net = (char *) "host",
                                   .unit = (char *) "podctl-shop.service",
                                   .private_users = TRISTATE_NO };

        expect_print("simple", &settings);
        expect_print("full", &full);
}

Test(pod_plan, more_layers_than_the_kernel_stacks)
{
        for (size_t n = PLAN_LAYERS_MAX; n <= PLAN_LAYERS_MAX + 1; n++) {
                _cleanup_strv_free_ char **lowers = NULL;
                Planned p;
                PlanImage images[1];
                PodPlan *plan = NULL;
                int r;

                for (size_t i = 0; i < n; i++)
                        cr_assert_geq(strv_extendf(&lowers, "/layers/%zu/rootfs", i), 0);
                cr_assert_eq(plan_app_json(&p, &settings, "", "", ""), 0, "%s", p.message);
                images[0] = (PlanImage) { .lowers = lowers };
                r = pod_plan_new(p.manifest, &settings, &(PlanImages) { .apps = images }, TEST_UUID, "/pods", &plan,
                                 &p.message);
                cr_expect_eq(r, n <= PLAN_LAYERS_MAX ? 0 : -E2BIG);
                if (n > PLAN_LAYERS_MAX)
                        cr_expect(
                                startswith(
                                        p.message,
                                        "app 'web': its image has 501 layers, and the kernel stacks no more than 500"),
                                "%s", p.message);
                pod_plan_free(plan);
                planned_done(&p);
        }
}

Test(pod_plan, owners_that_pods_do_not_have)
{
        static const struct {
                uint64_t highest;
                Tristate private_users;
                bool told;
        } cases[] = {
                { 65535, TRISTATE_UNSET, false }, { 65536, TRISTATE_UNSET, true }, { 65536, TRISTATE_NO, false },
                { UINT32_MAX - 1, TRISTATE_YES, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PodSettings s = { .name = (char *) "web", .private_users = cases[i].private_users };
                PodPlan *plan = NULL;
                Planned p;

                cr_assert_eq(plan_app_json(&p, &settings, "", "", ""), 0, "%s", p.message);
                p.images[0].highest_id = cases[i].highest;
                cr_assert_eq(pod_plan_new(p.manifest, &s, &(PlanImages) { .apps = p.images }, TEST_UUID, "/pods", &plan,
                                          &p.message), 0);
                cr_expect_eq(strv_length(plan->ignored), cases[i].told, "%zu", i);
                if (cases[i].told)
                        cr_expect(strstr(plan->ignored[0], "--private-users=no"));
                pod_plan_free(plan);
                planned_done(&p);
        }
}

#define MUTABLE "'annotations':[{'name':'podctl/mutable','value':'true'}]"

/* A pod whose apps come later: it may have none, and has the time that they will want. */
Test(pod_plan, mutable)
{
        static const struct {
                const char *pod_app, *pod;
        } wrong[] = {
                { "'annotations':[{'name':'podctl/on-unhealthy','value':'fail'}]", MUTABLE },
                { "'annotations':[{'name':'podctl/health-ready','value':'true'}]", MUTABLE },
                { "", "'annotations':[{'name':'podctl/mutable','value':'maybe'}]" },
        };
        _cleanup_free_ char *empty = quoted("{'acKind':'PodManifest','acVersion':'0.8.11','apps':[]," MUTABLE "}"),
                            *fixed = quoted("{'acKind':'PodManifest','acVersion':'0.8.11','apps':[]}");
        _cleanup_(planned_done) Planned none = {}, one = {}, refused = {};

        cr_assert_eq(plan_json(&none, &settings, empty), 0, "%s", none.message);
        cr_expect_eq(none.plan->n_apps, 0);
        cr_expect(strv_contains(none.plan->unit_properties, "TimeoutStopSec=infinity"));
        cr_assert_eq(plan_app_json(&one, &settings, "", "", MUTABLE), 0, "%s", one.message);
        cr_expect(one.plan->apps[0].leaves_pod);
        cr_expect_lt(plan_json(&refused, &settings, fixed), 0);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_(planned_done) Planned p = {};

                cr_expect_lt(plan_app_json(&p, &settings, "'healthcheck':{'Test':['CMD','x']}", wrong[i].pod_app,
                                           wrong[i].pod), 0);
                cr_expect(p.message && strstr(p.message, "mutable"), "%s", strempty(p.message));
        }
}
