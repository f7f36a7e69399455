/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "cri/cri-answer.h"
#include "cri/cri-container-plan.h"
#include "cri/cri-resources.h"
#include "lib/test-kept.h"
#include "lib/test-temporary.h"
#include "manifest/appc-image.h"

static const Uuid pod = { "11111111-2222-4333-8444-555555555555" };

static Cri__ContainerConfig *config_of(const char *name)
{
        Cri__ContainerConfig *c = test_keep(call_new(&cri__container_config__descriptor));

        c->metadata = test_keep(call_new(&cri__container_metadata__descriptor));
        c->metadata->name = test_keep(call_text(name));
        c->image = test_keep(call_new(&cri__image_spec__descriptor));
        c->image->image = test_keep(call_text("busybox:1"));
        c->linux = test_keep(call_new(&cri__linux_container_config__descriptor));
        c->linux->security_context = test_keep(call_new(&cri__linux_container_security_context__descriptor));
        return c;
}

static void plan(const Cri__ContainerConfig *c, const CriSandboxRecord *sandbox, CriContainerPlan *ret)
{
        char *message = NULL;

        cr_assert_eq(cri_container_plan(c, sandbox, &pod, NULL, ret, &message), GRPC_OK, "%s", strempty(message));
}

static void refuse(const Cri__ContainerConfig *c, GrpcCode code, const char *words)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_free_ char *message = NULL;
        CriContainerPlan p;

        cr_expect_eq(cri_container_plan(c, &sandbox, &pod, NULL, &p, &message), code, "%s", words);
        cr_expect(message && strstr(message, words), "%s: %s", words, strempty(message));
}

static bool has(const CriContainerPlan *p, const char *annotation)
{
        return strv_contains(p->run.annotations, annotation);
}

Test(cri_container_plan, words)
{
        static const CriSandboxRecord sandbox = { .log_directory = (char *) "/var/log/pods/x",
                                                  .hostname = (char *) "h",
                                                  .pids = CRI__NAMESPACE_MODE__CONTAINER };
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("main");
        char *command[] = { (char *) "sh", (char *) "-c" }, *args[] = { (char *) "true" };
        Cri__KeyValue *variable = test_keep(call_new(&cri__key_value__descriptor));

        c->linux->security_context = NULL;
        c->metadata->attempt = 2;
        c->command = command;
        c->n_command = ELEMENTSOF(command);
        c->args = args;
        c->n_args = ELEMENTSOF(args);
        variable->key = test_keep(call_text("A"));
        variable->value = (ProtobufCBinaryData) { 3, (uint8_t *) (char[]){ "x=y" } };
        call_append(&c->envs, &c->n_envs, variable);
        c->log_path = test_keep(call_text("main/2.log"));
        c->stop_signal = CRI__SIGNAL__SIGNAL_SIGRTMINPLUS3;
        plan(c, &sandbox, &p);
        cr_expect_str_eq(p.run.name, "main-2");
        cr_expect_str_eq(p.run.options.exec, "sh");
        cr_expect_str_eq(p.run.options.arguments[0], "-c");
        cr_expect_str_eq(p.run.options.arguments[1], "true");
        cr_expect_str_eq(p.run.options.environment[0], "HOSTNAME=h");
        cr_expect_str_eq(p.run.options.environment[1], "A=x=y");
        cr_expect_str_eq(p.run.options.stop_signal, "SIGRTMIN+3");
        cr_expect_str_eq(p.run.pids, "private");
        cr_expect_null(p.run.stdio[0]);
        cr_expect_str_eq(p.run.stdio[1], "stream");
        cr_expect_str_eq(p.record->log_path, "/var/log/pods/x/main/2.log");
        cr_expect(endswith(p.record->id, "11111111222243338444555555555555"));
        cr_expect_eq(strlen(p.record->id), 48);
}

Test(cri_container_plan, resources)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        Cri__LinuxContainerResources *r = c->linux->resources =
                test_keep(call_new(&cri__linux_container_resources__descriptor));

        r->memory_limit_in_bytes = 1 << 20;
        r->cpu_quota = 50000;
        r->cpu_period = 100000;
        r->cpu_shares = 1;
        r->oom_score_adj = -998;
        c->tty = true;
        plan(c, &sandbox, &p);
        cr_expect_str_eq(p.run.options.memory, "1048576");
        cr_expect_str_eq(p.run.options.cpu, "500m");
        cr_expect_str_eq(p.run.options.cpu_shares, "2");
        cr_expect_str_eq(p.run.options.oom_score_adj, "-998");
        cr_expect_str_eq(p.run.stdio[0], "tty");
}

static void expect_properties(const CriContainerRecord *record, const char *expected)
{
        _cleanup_strv_free_ char **lines = NULL;
        _cleanup_free_ char *all = NULL;

        cr_assert_geq(cri_resources_properties(record, &lines), 0);
        all = strv_join(lines, " ");
        cr_expect_str_eq(all, expected);
}

static void add_unified(Cri__LinuxContainerResources *r, const char *file, const char *value)
{
        Cri__LinuxContainerResources__UnifiedEntry *entry =
                test_keep(call_new(&cri__linux_container_resources__unified_entry__descriptor));

        entry->key = test_keep(call_text(file));
        entry->value = test_keep(call_text(value));
        call_append(&r->unified, &r->n_unified, entry);
}

/* While it runs: what is not said stays. */
Test(cri_container_plan, new_limits)
{
        Cri__LinuxContainerResources r = CRI__LINUX_CONTAINER_RESOURCES__INIT;
        CriContainerRecord *record = new0(CriContainerRecord, 1);

        expect_properties(record, "");
        record->cpu_shares = 7;
        r.memory_limit_in_bytes = 4096;
        r.cpu_period = 100000;
        r.cpu_quota = 1500;
        r.cpu_shares = 2048;
        r.memory_swap_limit_in_bytes = 6144;
        r.cpuset_cpus = test_keep(call_text("0,0"));
        add_unified(&r, "memory.min", "1024");
        add_unified(&r, "memory.high", "max");
        add_unified(&r, "memory.oom.group", "1");
        test_keep(r.unified);
        cr_assert_geq(cri_container_record_limits(&r, record), 0);
        cr_expect_eq(cri_resources_check(record, NULL), GRPC_OK);
        expect_properties(record, "CPUQuota=1.5% CPUWeight=200 MemoryMax=4096 MemorySwapMax=2048 AllowedCPUs=0,0 "
                                  "MemoryMin=1024 MemoryHigh=infinity");
        r = (Cri__LinuxContainerResources) CRI__LINUX_CONTAINER_RESOURCES__INIT;
        r.cpu_quota = r.memory_limit_in_bytes = r.memory_swap_limit_in_bytes = -1;
        add_unified(&r, "memory.min", "0");
        test_keep(r.unified);
        cr_assert_geq(cri_container_record_limits(&r, record), 0);
        expect_properties(record, "CPUQuota= CPUWeight=200 MemoryMax=infinity MemorySwapMax=infinity AllowedCPUs=0,0 "
                                  "MemoryMin=0 MemoryHigh=infinity");
        cri_container_record_free(record);
}

/* What a kubelet says by default is taken; what is not is named. */
Test(cri_container_plan, unified)
{
        static const CriSandboxRecord sandbox = {};
        static const struct {
                const char *file, *value;
                GrpcCode code;
                const char *words;
        } cases[] = {
                { "memory.swap.max", "0", GRPC_OK, NULL },
                { "memory.oom.group", "1", GRPC_OK, NULL },
                { "memory.oom.group", "2", GRPC_INVALID_ARGUMENT,
                  "'memory.oom.group' is a number from 0 to 1, not '2'" },
                { "memory.max", "50%", GRPC_INVALID_ARGUMENT,
                  "'memory.max' is a number from 1 on, or 'max', not '50%'" },
                { "memory.max", "0", GRPC_INVALID_ARGUMENT, "is a number from 1 on" },
                { "cpu.weight", "max", GRPC_INVALID_ARGUMENT,
                  "'cpu.weight' is a number from 1 to 10000, not 'max'" },
                { "cpu.weight", "0", GRPC_INVALID_ARGUMENT, "is a number from 1 to 10000" },
                { "cpu.weight", "10001", GRPC_INVALID_ARGUMENT, "is a number from 1 to 10000" },
                { "cpu.weight", "10000", GRPC_OK, NULL },
                { "pids.max", "max", GRPC_OK, NULL },
                { "memory.max", "1\nOOMPolicy=stop", GRPC_INVALID_ARGUMENT, "is a number from " },
                { "memory.low", "", GRPC_INVALID_ARGUMENT, "is a number from " },
                { "io.max", "8:0 rbps=1", GRPC_UNIMPLEMENTED, "not supported: resources.unified 'io.max'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
                Cri__ContainerConfig *c = config_of("a");

                c->linux->resources = test_keep(call_new(&cri__linux_container_resources__descriptor));
                add_unified(c->linux->resources, cases[i].file, cases[i].value);
                if (cases[i].words) {
                        refuse(c, cases[i].code, cases[i].words);
                        continue;
                }
                plan(c, &sandbox, &p);
                cr_expect_eq(has(&p, APPC_ANNOTATION_OOM_GROUP "=true"), streq(cases[i].file, "memory.oom.group"));
        }
}

Test(cri_container_plan, swap)
{
        Cri__ContainerConfig *c = config_of("a");
        Cri__LinuxContainerResources *r = c->linux->resources =
                test_keep(call_new(&cri__linux_container_resources__descriptor));

        r->memory_swap_limit_in_bytes = 4096;
        refuse(c, GRPC_INVALID_ARGUMENT, "needs memory_limit_in_bytes");
        r->memory_limit_in_bytes = 8192;
        refuse(c, GRPC_INVALID_ARGUMENT, "the limit of both together");
}

Test(cri_container_plan, users)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        Cri__LinuxContainerSecurityContext *s = c->linux->security_context;
        int64_t groups[] = { 5, 6 };

        s->run_as_group = test_keep(call_new(&cri__int64_value__descriptor));
        s->run_as_group->value = 7;
        refuse(c, GRPC_INVALID_ARGUMENT, "run_as_group");
        s->run_as_user = test_keep(call_new(&cri__int64_value__descriptor));
        s->supplemental_groups = groups;
        s->n_supplemental_groups = ELEMENTSOF(groups);
        plan(c, &sandbox, &p);
        cr_expect_str_eq(p.run.options.user, "0");
        cr_expect_str_eq(p.run.options.group, "7");
        cr_expect_str_eq(p.run.options.supplementary_gids[1], "6");
        cr_expect(has(&p, "podctl/image-groups=yes"));
        s->supplemental_groups_policy = CRI__SUPPLEMENTAL_GROUPS_POLICY__Strict;
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        cr_expect(has(&p, "podctl/image-groups=no"));
        s->run_as_username = test_keep(call_text("nobody"));
        refuse(c, GRPC_INVALID_ARGUMENT, "exclude each other");
}

/* procMount: Unmasked */
Test(cri_container_plan, open_paths)
{
        static const CriSandboxRecord with_users = { .uid_base = 131072 }, without = {},
                                      privileged = { .privileged = true };
        char *paths[] = { (char *) "/a" };
        const struct {
                const CriSandboxRecord *sandbox;
                Cri__NamespaceMode pid;
                size_t n_masked, n_readonly;
                bool open;
        } cases[] = {
                { &with_users, CRI__NAMESPACE_MODE__CONTAINER, 0, 0, true },
                { &with_users, CRI__NAMESPACE_MODE__CONTAINER, 1, 0, false },
                { &with_users, CRI__NAMESPACE_MODE__CONTAINER, 0, 1, false },
                { &without, CRI__NAMESPACE_MODE__CONTAINER, 0, 0, false },
                { &privileged, CRI__NAMESPACE_MODE__CONTAINER, 0, 0, false },
                /* Control groups of the others would be open. */
                { &with_users, CRI__NAMESPACE_MODE__POD, 0, 0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
                Cri__ContainerConfig *c = config_of("a");

                c->linux->security_context->namespace_options =
                        test_keep(call_new(&cri__namespace_option__descriptor));
                c->linux->security_context->namespace_options->pid = cases[i].pid;
                c->linux->security_context->masked_paths = c->linux->security_context->readonly_paths = paths;
                c->linux->security_context->n_masked_paths = cases[i].n_masked;
                c->linux->security_context->n_readonly_paths = cases[i].n_readonly;
                c->linux->security_context->seccomp = test_keep(call_new(&cri__security_profile__descriptor));
                plan(c, cases[i].sandbox, &p);
                cr_expect_eq(has(&p, "podctl/insecure=paths"), cases[i].open, "%zu", i);
        }
}

Test(cri_container_plan, confinement)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        Cri__LinuxContainerSecurityContext *s = c->linux->security_context;
        char *all[] = { (char *) "ALL" }, *one[] = { (char *) "NET_RAW" },
             *paths[] = { (char *) "/a", (char *) "/b" };

        s->capabilities = test_keep(call_new(&cri__capability__descriptor));
        s->capabilities->add_capabilities = all;
        s->capabilities->n_add_capabilities = 1;
        s->seccomp = test_keep(call_new(&cri__security_profile__descriptor));
        s->seccomp->profile_type = CRI__SECURITY_PROFILE__PROFILE_TYPE__Unconfined;
        s->masked_paths = paths;
        s->n_masked_paths = 2;
        s->readonly_paths = paths;
        s->n_readonly_paths = 1;
        plan(c, &sandbox, &p);
        cr_expect(has(&p, "podctl/insecure=capabilities,seccomp"));
        cr_expect(has(&p, "podctl/masked-paths=/a:/b"));
        cr_expect(has(&p, "podctl/read-only-paths=/a"));

        s->apparmor_profile = test_keep(call_text("localhost/mine"));
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        cr_expect_str_eq(p.run.options.apparmor, "mine");
        s->seccomp = NULL;
        s->seccomp_profile_path = test_keep(call_text("localhost//there/is/none"));
        refuse(c, GRPC_INVALID_ARGUMENT, "/there/is/none");
        s->seccomp_profile_path = test_keep(call_text("/my/profile"));
        refuse(c, GRPC_INVALID_ARGUMENT, "seccomp_profile_path '/my/profile'");
        s->seccomp_profile_path = test_keep(call_text("runtime/default"));

        s->capabilities->drop_capabilities = one;
        s->capabilities->n_drop_capabilities = 1;
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        cr_expect(has(&p, "podctl/insecure=capabilities"));
        cr_expect_str_eq(p.run.options.caps_remove[0], "CAP_NET_RAW");
        /* What is added and dropped is dropped; what is added to none is all there is. */
        s->capabilities->add_capabilities = one;
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        cr_expect(!strv_contains(p.run.options.caps_retain, "CAP_NET_RAW"));
        cr_expect(strv_contains(p.run.options.caps_retain, "CAP_CHOWN"));
        s->capabilities->drop_capabilities = all;
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        cr_expect_str_eq(p.run.options.caps_retain[0], "CAP_NET_RAW");
        cr_expect_null(p.run.options.caps_retain[1]);
        s->capabilities->n_add_capabilities = 0;
        s->capabilities->drop_capabilities = paths;
        refuse(c, GRPC_INVALID_ARGUMENT, "'/a' is not a capability");
        s->capabilities->drop_capabilities = all;
        paths[1] = (char *) "b:c";
        refuse(c, GRPC_INVALID_ARGUMENT, "no ':'");
}

/* What is to be ambient is added as well, unless it is dropped. */
Test(cri_container_plan, ambient)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        char *names[] = { (char *) "NET_ADMIN", (char *) "cap_kill", (char *) "CHOWN" },
             *dropped[] = { (char *) "KILL" };
        Cri__Capability *k = test_keep(call_new(&cri__capability__descriptor));

        c->linux->security_context->capabilities = k;
        k->add_ambient_capabilities = names;
        k->n_add_ambient_capabilities = ELEMENTSOF(names);
        k->drop_capabilities = dropped;
        k->n_drop_capabilities = 1;
        plan(c, &sandbox, &p);
        cr_expect(has(&p, "podctl/ambient-capabilities=CAP_NET_ADMIN,CAP_CHOWN"));
        cr_expect(strv_contains(p.run.options.caps_retain, "CAP_NET_ADMIN"));
        cr_expect(!strv_contains(p.run.options.caps_retain, "CAP_KILL"));
        dropped[0] = (char *) "ALL";
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        cr_expect(has(&p, "podctl/ambient-capabilities=CAP_NET_ADMIN,CAP_KILL,CAP_CHOWN"));
        /* None is left. */
        names[0] = names[1] = names[2] = (char *) "KILL";
        dropped[0] = (char *) "KILL";
        cri_container_plan_done(&p);
        plan(c, &sandbox, &p);
        STRV_FOREACH(a, p.run.annotations)
                cr_expect_not(startswith(*a, "podctl/ambient"));
}

Test(cri_container_plan, privileged)
{
        static const CriSandboxRecord sandbox = { .privileged = true };
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");

        c->linux->security_context->privileged = true;
        refuse(c, GRPC_INVALID_ARGUMENT, "only in a sandbox that is");
        plan(c, &sandbox, &p);
        cr_expect(has(&p, "podctl/insecure=capabilities,seccomp,paths"));
}

Test(cri_container_plan, mounts)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        Cri__Mount *m = test_keep(call_new(&cri__mount__descriptor));

        call_append(&c->mounts, &c->n_mounts, m);
        m->container_path = test_keep(call_text("/x/..//data/"));
        m->host_path = test_keep(call_text("/"));
        m->readonly = true;
        m->propagation = CRI__MOUNT_PROPAGATION__PROPAGATION_HOST_TO_CONTAINER;
        plan(c, &sandbox, &p);
        cr_assert_eq(p.n_mounts, 1);
        cr_expect_str_eq(p.mounts[0].path, "/data");
        cr_expect_str_eq(p.mounts[0].app_volume->source, "/");
        cr_expect_eq(p.mounts[0].app_volume->propagation, PROPAGATION_SLAVE);
        cr_expect(p.mounts[0].read_only);

        m->recursive_read_only = true;
        refuse(c, GRPC_INVALID_ARGUMENT, "recursive_read_only");
        m->recursive_read_only = false;
        m->propagation = 17;
        refuse(c, GRPC_INVALID_ARGUMENT, "there is no propagation 17");
        m->propagation = 0;
        m->host_path = test_keep(call_text("/there/is/none"));
        refuse(c, GRPC_INVALID_ARGUMENT, "/there/is/none: No such file");
        m->host_path = test_keep(call_text("relative"));
        refuse(c, GRPC_INVALID_ARGUMENT, "absolute");
        m->host_path = test_keep(call_text("/"));
        m->container_path = test_keep(call_text("/a/../.."));
        refuse(c, GRPC_INVALID_ARGUMENT, "mount '/a/../..': container_path is the container's root");
}

Test(cri_container_plan, images_as_mounts)
{
        static const CriSandboxRecord sandbox = {};
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        Cri__Mount *m = test_keep(call_new(&cri__mount__descriptor));

        call_append(&c->mounts, &c->n_mounts, m);
        m->container_path = test_keep(call_text("/data"));
        m->image = test_keep(call_new(&cri__image_spec__descriptor));
        m->image->image = test_keep(call_text("sha256:abc"));
        m->image_sub_path = test_keep(call_text("etc/x"));
        m->readonly = true;
        plan(c, &sandbox, &p);
        cr_assert_eq(p.n_mounts, 1);
        cr_expect_eq(p.mounts[0].app_volume->kind, VOLUME_IMAGE);
        cr_expect_str_eq(p.mounts[0].app_volume->image, "sha256:abc");
        cr_expect_str_eq(p.mounts[0].sub_path, "etc/x");
        cr_expect_str_eq(p.record->mounts[0].image_sub_path, "etc/x");

        m->image_sub_path = test_keep(call_text("a/../../b"));
        refuse(c, GRPC_INVALID_ARGUMENT, "'a/../../b' is not a path below");
        m->image_sub_path = test_keep(call_text("/etc"));
        refuse(c, GRPC_INVALID_ARGUMENT, "'/etc' is not a path below");
        m->image_sub_path = test_keep(call_text(""));
        m->readonly = false;
        refuse(c, GRPC_INVALID_ARGUMENT, "with readonly");
        m->readonly = true;
        m->host_path = test_keep(call_text("/"));
        refuse(c, GRPC_INVALID_ARGUMENT, "only one of them");
        m->host_path = test_keep(call_text(""));
        m->propagation = CRI__MOUNT_PROPAGATION__PROPAGATION_BIDIRECTIONAL;
        refuse(c, GRPC_INVALID_ARGUMENT, "private");
        m->propagation = 0;
        m->container_path = test_keep(call_text("data"));
        refuse(c, GRPC_INVALID_ARGUMENT, "absolute");
        m->container_path = test_keep(call_text("/data"));
        m->image->image = test_keep(call_text(""));
        m->host_path = test_keep(call_text("/"));
        m->image_sub_path = test_keep(call_text("x"));
        refuse(c, GRPC_INVALID_ARGUMENT, "image_sub_path needs an image");
}

Test(cri_container_plan, devices)
{
        static const CriSandboxRecord sandbox = {};
        static const char *const said[] = { "", "mrw", "wr", "r" };
        _cleanup_(cri_container_plan_done) CriContainerPlan p = {};
        Cri__ContainerConfig *c = config_of("a");
        _cleanup_free_ char *all = NULL;

        for (size_t i = 0; i < ELEMENTSOF(said); i++) {
                Cri__Device *d = test_keep(call_new(&cri__device__descriptor));

                d->host_path = test_keep(call_text("/dev/a"));
                d->container_path = test_keep(call_text("/dev/b"));
                d->permissions = test_keep(call_text(said[i]));
                call_append(&c->devices, &c->n_devices, d);
        }
        plan(c, &sandbox, &p);
        all = strv_join(p.run.devices, " ");
        cr_expect_str_eq(all, "/dev/a:/dev/b:rwm /dev/a:/dev/b:rwm /dev/a:/dev/b:rw /dev/a:/dev/b:r");
}

Test(cri_container_plan, impossible_numbers)
{
        static const struct {
                Cri__LinuxContainerResources resources;
                const char *words;
        } cases[] = {
#define RESOURCES(...) { .base = PROTOBUF_C_MESSAGE_INIT(&cri__linux_container_resources__descriptor), __VA_ARGS__ }
                { RESOURCES(.cpu_period = -1), "cpu_period is a number from 1000" },
                { RESOURCES(.cpu_period = 1000001), "cpu_period" },
                { RESOURCES(.cpu_quota = -2), "cpu_quota" },
                { RESOURCES(.cpu_quota = 999), "cpu_quota" },
                { RESOURCES(.cpu_shares = -1), "cpu_shares" },
                { RESOURCES(.memory_limit_in_bytes = -2), "memory_limit_in_bytes" },
                { RESOURCES(.memory_swap_limit_in_bytes = INT64_MIN), "memory_swap_limit_in_bytes" },
                { RESOURCES(.oom_score_adj = 1001), "oom_score_adj is a number from -1000 to 1000, not 1001" },
                { RESOURCES(.cpuset_cpus = (char *) "3-1"), "cpuset_cpus is a list of numbers and ranges" },
                { RESOURCES(.cpuset_mems = (char *) "all"), "cpuset_mems" },
                { RESOURCES(.cpuset_cpus = (char *) "0,8191"), "cpuset_cpus '0,8191': this host has 0" },
        };
        static const int64_t ids[] = { -1, UINT32_MAX, INT64_MAX };
        Cri__ContainerConfig *c = config_of("a");
        Cri__LinuxContainerSecurityContext *s = c->linux->security_context;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Cri__LinuxContainerResources r = cases[i].resources;

                if (!r.cpuset_cpus)
                        r.cpuset_cpus = (char *) "";
                if (!r.cpuset_mems)
                        r.cpuset_mems = (char *) "";
                c->linux->resources = &r;
                refuse(c, GRPC_INVALID_ARGUMENT, cases[i].words);
        }
        c->linux->resources = NULL;
        s->run_as_user = test_keep(call_new(&cri__int64_value__descriptor));
        s->run_as_group = test_keep(call_new(&cri__int64_value__descriptor));
        for (size_t i = 0; i < ELEMENTSOF(ids); i++) {
                s->run_as_user->value = ids[i];
                refuse(c, GRPC_INVALID_ARGUMENT, "run_as_user: ");
                s->run_as_user->value = 0;
                s->run_as_group->value = ids[i];
                refuse(c, GRPC_INVALID_ARGUMENT, "run_as_group: ");
                s->run_as_group->value = 0;
                s->supplemental_groups = (int64_t *) &ids[i];
                s->n_supplemental_groups = 1;
                refuse(c, GRPC_INVALID_ARGUMENT, "supplemental_groups: ");
                s->n_supplemental_groups = 0;
        }
        s->supplemental_groups = NULL;
}

Test(cri_container_plan, bad_paths)
{
        static const struct {
                const char *host, *container, *permissions, *words;
        } cases[] = {
                { "dev/a", "/dev/b", "r", "absolute paths without ':'" },
                { "/dev/a", "", "r", "absolute paths without ':'" },
                { "/dev/a", "/dev/b:c", "r", "absolute paths without ':'" },
                { "/dev/a", "/dev/b", "rx", "letters of 'rwm', not 'rx'" },
        };
        Cri__ContainerConfig *c = config_of("a");
        Cri__Device *d = test_keep(call_new(&cri__device__descriptor));

        call_append(&c->devices, &c->n_devices, d);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                d->host_path = (char *) cases[i].host;
                d->container_path = (char *) cases[i].container;
                d->permissions = (char *) cases[i].permissions;
                refuse(c, GRPC_INVALID_ARGUMENT, cases[i].words);
        }
        c->n_devices = 0;
        c->working_dir = (char *) "a/b";
        refuse(c, GRPC_INVALID_ARGUMENT, "working_dir 'a/b' is not an absolute path");
        c->working_dir = (char *) "/a";
        c->log_path = (char *) "../other.log";
        refuse(c, GRPC_INVALID_ARGUMENT, "log_path '../other.log' is not a path below log_directory");
}

/* What is not one may be anything that a path leads to, also what would never end. */
Test(cri_container_plan, bad_seccomp_profiles)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        static const struct {
                const char *name, *words;
        } cases[] = {
                { "garbage", ": not valid JSON" },
                { "empty", ": not valid JSON" },
                { "list", ": value: expected an object" },
                { "fifo", ": not a regular file" },
                { ".", ": Is a directory" },
        };
        Cri__ContainerConfig *c = config_of("a");
        Cri__SecurityProfile *p = c->linux->security_context->seccomp =
                test_keep(call_new(&cri__security_profile__descriptor));

        cr_assert_geq(write_string_at(t.fd, "garbage", "{ garbage", 0644), 0);
        cr_assert_geq(write_string_at(t.fd, "empty", "", 0644), 0);
        cr_assert_geq(write_string_at(t.fd, "list", "[]", 0644), 0);
        cr_assert_eq(mkfifoat(t.fd, "fifo", 0644), 0);
        p->profile_type = CRI__SECURITY_PROFILE__PROFILE_TYPE__Localhost;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *words = NULL;

                p->localhost_ref = test_keep(path_join(t.path, cases[i].name));
                words = strprintf("seccomp profile %s%s", p->localhost_ref, cases[i].words);
                refuse(c, GRPC_INVALID_ARGUMENT, words);
        }
}

Test(cri_container_plan, refusals)
{
        Cri__ContainerConfig *c = config_of("a");
        char *command[] = { (char *) "" };

        call_append(&c->envs, &c->n_envs, test_keep(call_new(&cri__key_value__descriptor)));
        refuse(c, GRPC_INVALID_ARGUMENT, "of a variable");
        c->n_envs = 0;
        c->command = command;
        c->n_command = 1;
        refuse(c, GRPC_INVALID_ARGUMENT, "config.command");
        c->n_command = 0;
        c->linux->security_context->namespace_options = test_keep(call_new(&cri__namespace_option__descriptor));
        c->linux->security_context->namespace_options->pid = CRI__NAMESPACE_MODE__NODE;
        refuse(c, GRPC_UNIMPLEMENTED, "the processes of the host");
        c->image->image = test_keep(call_text(""));
        refuse(c, GRPC_INVALID_ARGUMENT, "config.image");
}

Test(cri_container_plan, values_that_are_no_text)
{
        struct {
                uint8_t bytes[4];
                size_t n;
        } values[] = { { "a\xff", 2 }, { "a\0b", 3 }, { "\xed\xa0\x80", 3 } };
        Cri__ContainerConfig *c = config_of("main");
        Cri__KeyValue *variable = test_keep(call_new(&cri__key_value__descriptor));

        variable->key = test_keep(call_text("TOKEN"));
        c->envs = &variable;
        c->n_envs = 1;
        for (size_t i = 0; i < ELEMENTSOF(values); i++) {
                variable->value = (ProtobufCBinaryData) { values[i].n, values[i].bytes };
                refuse(c, GRPC_INVALID_ARGUMENT, "variable 'TOKEN'");
        }
}
