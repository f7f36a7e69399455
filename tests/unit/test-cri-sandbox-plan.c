/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "cri/cri-answer.h"
#include "cri/cri-sandbox-plan.h"
#include "manifest/pod-name.h"
#include "lib/test-kept.h"

/* A request as a client makes it; whoever runs in a test frees nothing of it. */
static Cri__PodSandboxConfig *config_of(const char *name)
{
        Cri__PodSandboxConfig *c = test_keep(call_new(&cri__pod_sandbox_config__descriptor));

        c->metadata = test_keep(call_new(&cri__pod_sandbox_metadata__descriptor));
        c->metadata->name = test_keep(call_text(name));
        c->metadata->uid = test_keep(call_text("u"));
        c->metadata->namespace_ = test_keep(call_text("n"));
        c->metadata->attempt = 3;
        c->linux = test_keep(call_new(&cri__linux_pod_sandbox_config__descriptor));
        c->linux->security_context = test_keep(call_new(&cri__linux_sandbox_security_context__descriptor));
        c->linux->security_context->namespace_options = test_keep(call_new(&cri__namespace_option__descriptor));
        return c;
}

static Cri__PortMapping *port(Cri__PodSandboxConfig *c, const char *ip, int host, int own, Cri__Protocol protocol)
{
        Cri__PortMapping *p = test_keep(call_new(&cri__port_mapping__descriptor));

        p->host_ip = test_keep(call_text(ip));
        p->host_port = host;
        p->container_port = own;
        p->protocol = protocol;
        call_append(&c->port_mappings, &c->n_port_mappings, p);
        return p;
}

static void plan(const Cri__PodSandboxConfig *c, CriSandboxPlan *ret)
{
        char *message = NULL;

        cr_assert_eq(cri_sandbox_plan(c, "", "bridge", ret, &message), GRPC_OK, "%s", strempty(message));
}

/* What is refused, and why. */
static void refuse(const Cri__PodSandboxConfig *c, GrpcCode code, const char *words)
{
        _cleanup_free_ char *message = NULL;
        CriSandboxPlan p;

        cr_expect_eq(cri_sandbox_plan(c, "", "bridge", &p, &message), code, "%s", words);
        cr_expect(message && strstr(message, words), "%s: %s", words, strempty(message));
}

Test(cri_sandbox_plan, names)
{
        static const struct {
                const char *name, *shown;
        } cases[] = {
                { "web", "web-" },
                { "Web_App.1", "web-app-1-" },
                { "--", "pod-" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
                _cleanup_free_ char *expected = NULL;

                plan(config_of(cases[i].name), &p);
                expected = strprintf("%s%.8s", cases[i].shown, p.uuid.s);
                cr_expect_str_eq(p.args.name, expected);
        }
}

Test(cri_sandbox_plan, long_name)
{
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        char name[254];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = 0;
        plan(config_of(name), &p);
        cr_expect(pod_name_is_valid(p.args.name), "%s", p.args.name);
        cr_expect_eq(strlen(p.args.name), POD_NAME_MAX);
}

Test(cri_sandbox_plan, ports)
{
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        Cri__PodSandboxConfig *c = config_of("a");
        _cleanup_free_ char *all = NULL;

        (void) port(c, "", 0, 80, CRI__PROTOCOL__TCP);
        (void) port(c, "", 8080, 80, CRI__PROTOCOL__TCP);
        (void) port(c, "0.0.0.0", 53, 53, CRI__PROTOCOL__UDP);
        (void) port(c, "::1", 1, 2, CRI__PROTOCOL__SCTP);
        (void) port(c, "127.0.0.1", 1, 2, CRI__PROTOCOL__TCP);
        plan(c, &p);
        all = strv_join(p.args.ports, " ");
        cr_expect_str_eq(all, "8080:80/tcp 53:53/udp [::1]:1:2/sctp 127.0.0.1:1:2/tcp");
        c->port_mappings[1]->container_port = 65536;
        refuse(c, GRPC_INVALID_ARGUMENT, "port mapping");
}

Test(cri_sandbox_plan, namespaces)
{
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        Cri__PodSandboxConfig *c = config_of("a");
        Cri__NamespaceOption *o = c->linux->security_context->namespace_options;

        (void) port(c, "", 80, 80, CRI__PROTOCOL__TCP);
        o->network = CRI__NAMESPACE_MODE__NODE;
        o->ipc = CRI__NAMESPACE_MODE__NODE;
        o->pid = CRI__NAMESPACE_MODE__CONTAINER;
        plan(c, &p);
        cr_expect_str_eq(p.args.net, "host");
        cr_expect_str_eq(p.args.ipc, "parent");
        cr_expect_null(p.args.ports);
        cr_expect(strv_contains(p.args.annotations, "podctl/pids=private"));
        cr_expect_eq(p.args.private_users, 0);

        o->pid = CRI__NAMESPACE_MODE__NODE;
        refuse(c, GRPC_UNIMPLEMENTED, "hostPID");
        o->pid = CRI__NAMESPACE_MODE__POD;
        o->userns_options = test_keep(call_new(&cri__user_namespace__descriptor));
        refuse(c, GRPC_UNIMPLEMENTED, "mapping of user IDs");
        o->userns_options->mode = CRI__NAMESPACE_MODE__NODE;
        cri_sandbox_plan_done(&p);
        plan(c, &p);
        cr_expect(strv_contains(p.args.annotations, "podctl/pids=shared"));
}

Test(cri_sandbox_plan, users)
{
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        Cri__PodSandboxConfig *c = config_of("a");
        Cri__UserNamespace *users = test_keep(call_new(&cri__user_namespace__descriptor));
        Cri__IDMapping *mapping = test_keep(call_new(&cri__idmapping__descriptor));

        c->linux->security_context->namespace_options->userns_options = users;
        users->mode = CRI__NAMESPACE_MODE__POD;
        call_append(&users->uids, &users->n_uids, mapping);
        call_append(&users->gids, &users->n_gids, mapping);
        mapping->host_id = 131072;
        mapping->length = 65536;
        plan(c, &p);
        cr_expect_eq(p.args.private_users, 1);
        cr_expect(strv_contains(p.args.annotations, "podctl/uid-base=131072"));
        mapping->length = 65535;
        refuse(c, GRPC_UNIMPLEMENTED, "mapping of user IDs");
        mapping->length = 65536;
        mapping->host_id = 131073;
        refuse(c, GRPC_UNIMPLEMENTED, "mapping of user IDs");
        mapping->host_id = 4294901760;
        refuse(c, GRPC_UNIMPLEMENTED, "mapping of user IDs");
        mapping->host_id = 131072;
        users->mode = CRI__NAMESPACE_MODE__NODE;
        refuse(c, GRPC_UNIMPLEMENTED, "in the user namespace of the host");
        users->mode = CRI__NAMESPACE_MODE__POD;
        mapping->length = 131072;
        refuse(c, GRPC_UNIMPLEMENTED, "mapping of user IDs");
        mapping->length = 65536;
        call_append(&users->uids, &users->n_uids, mapping);
        refuse(c, GRPC_UNIMPLEMENTED, "mapping of user IDs");
}

/* Of kubelets, all sandboxes have one. */
Test(cri_sandbox_plan, seccomp)
{
        static const char unfiltered[] = "podctl/unfiltered=true";
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        Cri__PodSandboxConfig *c = config_of("a");
        Cri__LinuxSandboxSecurityContext *s = c->linux->security_context;

        s->seccomp = test_keep(call_new(&cri__security_profile__descriptor));
        plan(c, &p);
        cr_expect_not(strv_contains(p.args.annotations, unfiltered));
        cri_sandbox_plan_done(&p);
        s->seccomp->profile_type = CRI__SECURITY_PROFILE__PROFILE_TYPE__Unconfined;
        plan(c, &p);
        cr_expect(strv_contains(p.args.annotations, unfiltered));
        cri_sandbox_plan_done(&p);
        s->seccomp = NULL;
        plan(c, &p);
        cr_expect(strv_contains(p.args.annotations, unfiltered));
        cri_sandbox_plan_done(&p);
        s->seccomp_profile_path = test_keep(call_text("runtime/default"));
        plan(c, &p);
        cr_expect_not(strv_contains(p.args.annotations, unfiltered));
}

Test(cri_sandbox_plan, slices)
{
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        Cri__PodSandboxConfig *c = config_of("a");

        c->linux->cgroup_parent = test_keep(call_text("/kubepods.slice/kubepods-pod1.slice"));
        plan(c, &p);
        cr_expect_str_eq(p.args.slice, "kubepods-pod1.slice");
        c->linux->cgroup_parent = test_keep(call_text("/kubepods/burstable/pod1"));
        refuse(c, GRPC_INVALID_ARGUMENT, "cgroup parent");
}

Test(cri_sandbox_plan, metadata)
{
        Cri__PodSandboxConfig *c = config_of("a");
        CriSandboxPlan p;
        char *message = NULL;

        c->hostname = test_keep(call_text("a_b"));
        refuse(c, GRPC_INVALID_ARGUMENT, "config.hostname");
        c->hostname = test_keep(call_text(""));
        c->metadata->name = test_keep(call_text(""));
        refuse(c, GRPC_INVALID_ARGUMENT, "metadata.name");
        c->metadata = NULL;
        refuse(c, GRPC_INVALID_ARGUMENT, "metadata.name");
        cr_expect_eq(cri_sandbox_plan(NULL, "", "bridge", &p, &message), GRPC_INVALID_ARGUMENT);
        free(message);
}

/* What is told to the client again is what it said. */
Test(cri_sandbox_plan, record)
{
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan p = {};
        _cleanup_(cri_sandbox_record_freep) CriSandboxRecord *record = NULL;
        _cleanup_(appc_pod_freep) AppcPod *pod = appc_pod_new();
        Cri__PodSandboxConfig *c = config_of("a");
        Cri__PodSandboxConfig__LabelsEntry *label =
                test_keep(call_new(&cri__pod_sandbox_config__labels_entry__descriptor));

        label->key = test_keep(call_text("io.kubernetes.pod.name"));
        label->value = test_keep(call_text("a=\"b\"\n"));
        call_append(&c->labels, &c->n_labels, label);
        c->linux->security_context->privileged = true;
        plan(c, &p);
        cr_expect(strv_contains(p.args.annotations, "podctl/privileged=true"));
        cr_assert_geq(strv_extend_strv(&pod->annotations, p.args.annotations), 0);
        cr_assert_geq(cri_sandbox_record_of(pod, &record), 0);
        cr_expect_str_eq(record->name, "a");
        cr_expect_eq(record->attempt, 3);
        cr_expect_str_eq(record->labels[0], "io.kubernetes.pod.name=a=\"b\"\n");
        label->key = test_keep(call_text("a=b"));
        refuse(c, GRPC_INVALID_ARGUMENT, "'='");
}
