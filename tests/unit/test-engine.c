/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod/engine.h"
#include "lib/test-plan.h"

static const PodSettings fly = {
        .name = (char *) "web", .unit = (char *) "podctl-web.service", .stage1 = (char *) "fly", .net = (char *) "host",
        .log = (char *) "host", .private_users = TRISTATE_NO,
};

Test(engine, names)
{
        static const struct {
                const char *name;
                bool of_rkt;
                const Engine *expected;
        } cases[] = {
                { "nspawn", false, &engine_nspawn },
                { "fly", false, &engine_fly },
                { "fly", true, &engine_fly },
                { "coreos.com/rkt/stage1-coreos:1.30.0", true, &engine_nspawn },
                { "/usr/lib/rkt/stage1-images/stage1-fly.aci", true, &engine_fly },
                { "https://example.com/stage1-fly-1.30.0.aci", true, &engine_fly },
                /* As plain names, these are none. */
                { "coreos.com/rkt/stage1-fly", false, NULL },
                { "coreos.com/rkt/stage1-kvm", true, NULL },
                { "butterfly", true, NULL },
                { "", true, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(engine_find(cases[i].name, cases[i].of_rkt), cases[i].expected, "%s", cases[i].name);
        cr_expect_eq(engine_of(&fly), &engine_fly);
        cr_expect_eq(engine_of(&(PodSettings) { .name = (char *) "web" }), &engine_nspawn);
        cr_expect_eq(engine_of(NULL), &engine_nspawn);
}

Test(engine, places)
{
        static const struct {
                const Engine *engine;
                const char *root, *group;
        } cases[] = {
                { &engine_nspawn, POD_STAGE2_DIR "/web/rootfs", "payload/system.slice/web.service" },
                { &engine_fly, "", "." },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *root = engine_app_root(cases[i].engine, "web"),
                                    *group = engine_app_group(cases[i].engine, "web");

                cr_expect_str_eq(root, cases[i].root);
                cr_expect_str_eq(group, cases[i].group);
        }
}

/* What the service of the app would have, the pod's unit has. */
Test(engine, unit_of_fly)
{
        static const char *const expected[] = {
                "Type=notify", "KillMode=control-group", "DevicePolicy=closed", "NotifyAccess=all", "KillSignal=10",
                "TimeoutStopSec=7s", "MemoryMax=1000000",
        };
        _cleanup_(planned_done) Planned p = {};

        cr_assert_eq(plan_app_json(&p, &fly,
                                   "'stopSignal':'SIGUSR1','stopTimeout':7,'isolators':[{'name':'resource/memory',"
                                   "'value':{'limit':'1M'}}]",
                                   "'annotations':[{'name':'appc.io/executor/supports-systemd-notify','value':'true'}]",
                                   ""), 0, "%s", p.message);
        for (size_t i = 0; i < ELEMENTSOF(expected); i++)
                cr_expect(strv_contains(p.plan->unit_properties, expected[i]), "%s", expected[i]);
        cr_expect(!strv_contains(p.plan->unit_properties, "SuccessExitStatus=133"));
        cr_expect_eq(p.plan->mounts.n, 0);
        cr_expect_str_eq(p.plan->apps[0].unit, "podctl-web.service");
        cr_expect_str_eq(p.plan->apps[0].files, "/pods/run/" TEST_UUID "/etc/podctl/launch/web");
}

static const PlanMount *mount_at(const Planned *p, const char *target)
{
        const PlanMounts *mounts = &p->plan->apps[0].mounts;

        for (size_t i = 0; i < mounts->n; i++)
                if (streq(mounts->items[i].target, target))
                        return &mounts->items[i];
        return NULL;
}

Test(engine, mounts_of_fly)
{
        _cleanup_(planned_done) Planned p = {}, q = {};
        const PlanMount *m;

        cr_assert_eq(plan_app_json(&p, &fly, "", "'mounts':[{'volume':'a','path':'/a'},{'volume':'b','path':'/b'}]",
                                   "'volumes':[{'name':'a','kind':'host','source':'/s','propagation':'shared'},"
                                   "{'name':'b','kind':'host','source':'/s','recursive':true}]"), 0, "%s", p.message);
        m = mount_at(&p, "/a");
        cr_assert(m && m->shared && !m->slave && !m->recursive && !m->map_ids);
        m = mount_at(&p, "/b");
        cr_assert(m && !m->shared && m->recursive);
        m = mount_at(&p, "/tmp");
        cr_assert(m && m->kind == PLAN_MOUNT_TMPFS && m->mode == 01777);

        cr_assert_eq(plan_app_json(&q, &fly, "", "'mounts':[{'volume':'a','path':'/tmp'}]",
                                   "'volumes':[{'name':'a','kind':'host','source':'/s'}]"), 0, "%s", q.message);
        m = mount_at(&q, "/tmp");
        cr_assert(m && m->kind == PLAN_MOUNT_BIND);
}

Test(engine, refusals_of_fly)
{
        static const struct {
                const char *app, *pod_app, *pod, *expected;
        } cases[] = {
                { "", "", "'annotations':[{'name':'podctl/mutable','value':'true'}]", "use --stage1=nspawn" },
                { "'ports':[{'name':'http','protocol':'tcp','port':80}]", "",
                  "'ports':[{'name':'http','hostPort':8080}]", "leave out --port" },
                { "'ports':[{'name':'http','protocol':'tcp','port':80,'socketActivated':true}]", "", "",
                  "no socket is passed on" },
                { "", "'annotations':[{'name':'podctl/pids','value':'private'}]", "", "leave out --pids" },
                { "", "'annotations':[{'name':'podctl/restart','value':'always'}]", "", "use Restart= of the unit" },
                { "", "'annotations':[{'name':'podctl/oneshot','value':'true'}]", "", "podctl/oneshot" },
                { "", "", "'annotations':[{'name':'podctl/deadline','value':'5s'}]", "RuntimeMaxSec=" },
                { "", "", "'annotations':[{'name':'podctl/journal-size','value':'5M'}]", "--journal-size" },
                { "", "", "'isolators':[{'name':'os/unix/sysctl','value':{'kernel.shmmax':'1'}}]", "sysctl.d(5)" },
                { "'eventHandlers':[{'name':'pre-start','exec':['/bin/true']}]", "", "", "ExecStartPre=" },
                { "'healthcheck':{'Test':['CMD','/bin/true']}", "", "", "--health-cmd" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(planned_done) Planned p = {};

                cr_expect_eq(plan_app_json(&p, &fly, cases[i].app, cases[i].pod_app, cases[i].pod), -EOPNOTSUPP,
                             "%s: %s", cases[i].expected, p.message);
                cr_expect(p.message && strstr(p.message, "engine 'fly': ") && strstr(p.message, cases[i].expected),
                          "%s: %s", cases[i].expected, p.message);
        }
}

Test(engine, refused_settings_of_fly)
{
        static const struct {
                PodSettings settings;
                const char *expected;
        } cases[] = {
                { { .net = (char *) "none" }, "--net" },
                { { .private_users = TRISTATE_YES }, "--private-users" },
                { { .ipc = (char *) "private" }, "--ipc" },
                { { .hostname = (char *) "other" }, "--hostname" },
                { { .mds_register = true }, "--mds-register" },
                { { .log = (char *) "both" }, "--log=host" },
                { { .interactive = true, .attached = true }, "nobody can attach" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                PodSettings s = cases[i].settings;
                _cleanup_(planned_done) Planned p = {};

                s.name = fly.name;
                s.stage1 = fly.stage1;
                s.net = s.net ?: fly.net;
                s.log = s.log ?: fly.log;
                s.private_users = s.private_users == TRISTATE_UNSET ? TRISTATE_NO : s.private_users;
                cr_expect_eq(plan_app_json(&p, &s, "", "", ""), -EOPNOTSUPP, "%s", cases[i].expected);
                cr_expect(p.message && strstr(p.message, cases[i].expected), "%s: %s", cases[i].expected, p.message);
        }
}

/* With the other engine, mounts cannot come back. */
Test(engine, shared_needs_fly)
{
        static const PodSettings settings = { .name = (char *) "web" };
        _cleanup_(planned_done) Planned p = {};

        cr_expect_eq(plan_app_json(&p, &settings, "", "'mounts':[{'volume':'a','path':'/a'}]",
                                   "'volumes':[{'name':'a','kind':'host','source':'/s','propagation':'shared'}]"),
                     -EOPNOTSUPP);
        cr_expect(p.message && strstr(p.message, "volume 'a': propagation=shared needs the engine 'fly'"));
}
