/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "cri/cri-answer.h"
#include "cri/cri-cdi.h"
#include "lib/test-kept.h"
#include "lib/test-temporary.h"

/* Two directories of the host. */
typedef struct Host {
        Temporary t;
        char early[64], late[64];
        const char *directories[3];
} Host;

static void host_done(Host *h)
{
        temporary_done(&h->t);
}

static void host_init(Host *h)
{
        h->t = temporary_new();
        (void) snprintf(h->early, sizeof(h->early), "%s/early", h->t.path);
        (void) snprintf(h->late, sizeof(h->late), "%s/late", h->t.path);
        h->directories[0] = h->early;
        h->directories[1] = h->late;
        h->directories[2] = NULL;
        cr_assert_geq(mkdir_p_at(h->t.fd, "early", 0755), 0);
}

static void put(const Host *h, const char *path, const char *text)
{
        cr_assert_geq(write_string_at(h->t.fd, path, text, 0644), 0);
}

static Cri__ContainerConfig *config_with(const char *first, const char *second)
{
        Cri__ContainerConfig *c = test_keep(call_new(&cri__container_config__descriptor));
        const char *const names[] = { first, second };

        for (size_t i = 0; i < ELEMENTSOF(names) && names[i]; i++) {
                Cri__CDIDevice *device = call_new(&cri__cdidevice__descriptor);

                device->name = call_text(names[i]);
                call_append(&c->cdi_devices, &c->n_cdi_devices, device);
        }
        return c;
}

static Cri__ContainerConfig *apply(const Host *h, const char *first, const char *second)
{
        Cri__ContainerConfig *c = config_with(first, second);
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(cri_cdi_apply(h->directories, c, &message), GRPC_OK, "%s", strempty(message));
        return c;
}

static void refuse(const Host *h, const char *name, GrpcCode code, const char *words)
{
        _cleanup_free_ char *message = NULL;

        cr_expect_eq(cri_cdi_apply(h->directories, config_with(name, NULL), &message), code, "%s", words);
        cr_expect(message && strstr(message, words), "%s: %s", words, strempty(message));
}

#define SPEC(devices, edits)                                                                                    \
        "{\"cdiVersion\": \"0.7.0\", \"kind\": \"acme.com/gpu\", \"devices\": [" devices "], "                  \
        "\"containerEdits\": {" edits "}}"
#define DEVICE(name, edits) "{\"name\": \"" name "\", \"containerEdits\": {" edits "}}"

Test(cri_cdi, edits)
{
        _cleanup_(host_done) Host h;
        Cri__ContainerConfig *c;

        host_init(&h);
        put(&h, "early/acme.json",
            SPEC(DEVICE("0", "\"deviceNodes\": [{\"path\": \"/dev/acme0\", \"hostPath\": \"/dev/null\", \"type\": \"c\""
                             ", \"major\": 1, \"minor\": 3, \"permissions\": \"rw\"}], \"additionalGids\": [0, 44]")
                 ", " DEVICE("1", "\"env\": [\"ONE=1=2\"]"),
                 "\"env\": [\"ALL=yes\"], \"hooks\": [], \"mounts\": [{\"hostPath\": \"/usr/lib\", \"containerPath\": "
                 "\"/lib/acme\", \"options\": [\"ro\", \"nosuid\", \"nodev\", \"rbind\", \"rslave\"]}]"));
        c = apply(&h, "acme.com/gpu=0", "acme.com/gpu=1");
        cr_assert_eq(c->n_devices, 1);
        cr_expect_str_eq(c->devices[0]->host_path, "/dev/null");
        cr_expect_str_eq(c->devices[0]->container_path, "/dev/acme0");
        cr_expect_str_eq(c->devices[0]->permissions, "rw");
        /* What is for all of a file's devices comes once. */
        cr_assert_eq(c->n_envs, 2);
        cr_expect_str_eq(c->envs[0]->key, "ALL");
        cr_expect_str_eq(c->envs[1]->key, "ONE");
        cr_expect_str_eq((const char *) c->envs[1]->value.data, "1=2");
        cr_assert_eq(c->n_mounts, 1);
        cr_expect(c->mounts[0]->readonly);
        cr_expect_eq(c->mounts[0]->propagation, CRI__MOUNT_PROPAGATION__PROPAGATION_HOST_TO_CONTAINER);
        cr_assert_eq(c->linux->security_context->n_supplemental_groups, 1);
        cr_expect_eq(c->linux->security_context->supplemental_groups[0], 44);
        /* Asked for twice, it comes once. */
        cr_expect_eq(apply(&h, "acme.com/gpu=0", "acme.com/gpu=0")->n_devices, 1);
        cr_expect_eq(apply(&h, NULL, NULL)->n_envs, 0);
}

/* Devices may have nodes and mounts in common, also with the container. */
Test(cri_cdi, same_path)
{
        _cleanup_(host_done) Host h;
        Cri__ContainerConfig *c;
        Cri__Device *own;

        host_init(&h);
        put(&h, "early/acme.json",
            SPEC(DEVICE("0", "\"deviceNodes\": [{\"path\": \"/dev/common\", \"hostPath\": \"/dev/null\"}], \"mounts\": "
                             "[{\"hostPath\": \"/usr/lib\", \"containerPath\": \"/lib/acme\"}]")
                 ", " DEVICE("1", "\"deviceNodes\": [{\"path\": \"/dev/common\", \"hostPath\": \"/dev/zero\"}], "
                                  "\"mounts\": [{\"hostPath\": \"/usr/share\", \"containerPath\": \"/lib/acme\"}]"),
                 ""));
        c = config_with("acme.com/gpu=0", "acme.com/gpu=1");
        own = call_new(&cri__device__descriptor);
        own->container_path = call_text("/dev/common");
        own->host_path = call_text("/dev/full");
        call_append(&c->devices, &c->n_devices, own);
        cr_assert_eq(cri_cdi_apply(h.directories, c, NULL), GRPC_OK);
        cr_assert_eq(c->n_devices, 1);
        cr_expect_str_eq(c->devices[0]->host_path, "/dev/zero");
        cr_assert_eq(c->n_mounts, 1);
        cr_expect_str_eq(c->mounts[0]->host_path, "/usr/share");
}

/* The administrator's and those that programs write: the latter count, and may be YAML. */
Test(cri_cdi, precedence)
{
        _cleanup_(host_done) Host h;

        host_init(&h);
        cr_assert_geq(mkdir_p_at(h.t.fd, "late", 0755), 0);
        put(&h, "early/acme.json", SPEC(DEVICE("0", "\"env\": [\"FROM=early\"]"), ""));
        put(&h, "late/acme.yaml",
            "cdiVersion: 1.0.0\nkind: acme.com/gpu\ndevices:\n- name: '0'\n  containerEdits: {env: [FROM=late]}\n");
        put(&h, "late/README", "no file of devices\n");
        cr_expect_str_eq((const char *) apply(&h, "acme.com/gpu=0", NULL)->envs[0]->value.data, "late");
        put(&h, "late/other.json", SPEC(DEVICE("0", "\"env\": [\"FROM=other\"]"), ""));
        refuse(&h, "acme.com/gpu=0", GRPC_INVALID_ARGUMENT, "is both in ");
}

Test(cri_cdi, refusals)
{
        static const struct {
                const char *edits, *words;
                GrpcCode code;
        } cases[] = {
                { "\"hooks\": [{\"hookName\": \"createContainer\", \"path\": \"/bin/true\"}]", "not supported: hooks",
                  GRPC_UNIMPLEMENTED },
                { "\"hooks\": \"createContainer\"", "not supported: hooks", GRPC_UNIMPLEMENTED },
                { "\"netDevices\": [{\"hostInterfaceName\": \"e\", \"name\": \"f\"}]", "network devices",
                  GRPC_UNIMPLEMENTED },
                { "\"intelRdt\": {\"closID\": \"x\"}", "Intel RDT", GRPC_UNIMPLEMENTED },
                { "\"deviceNodes\": [{\"path\": \"/dev/no-such\"}]", "/dev/no-such: No such file",
                  GRPC_INVALID_ARGUMENT },
                { "\"deviceNodes\": [{\"path\": \"/dev/null\", \"major\": 7, \"minor\": 7}]", "not that of the device",
                  GRPC_UNIMPLEMENTED },
                { "\"deviceNodes\": [{\"path\": \"/dev/null\", \"type\": \"b\"}]", "not that of the device",
                  GRPC_UNIMPLEMENTED },
                { "\"deviceNodes\": [{\"path\": \"/etc/hostname\"}]", "not that of the device", GRPC_UNIMPLEMENTED },
                { "\"mounts\": [{\"hostPath\": \"/a\", \"containerPath\": \"/b\", \"type\": \"tmpfs\"}]",
                  "a mount of the type 'tmpfs'", GRPC_UNIMPLEMENTED },
                { "\"mounts\": [{\"hostPath\": \"/a\", \"containerPath\": \"/b\", \"options\": [\"noexec\"]}]",
                  "the option 'noexec'", GRPC_UNIMPLEMENTED },
                { "\"env\": [\"NAME\"]", "'NAME' is not a valid NAME=VALUE", GRPC_INVALID_ARGUMENT },
                /* What is not known may be needed. */
                { "\"newEdits\": []", "newEdits", GRPC_INVALID_ARGUMENT },
                { "\"env\": \"A=b\"", "containerEdits.env: expected an array", GRPC_INVALID_ARGUMENT },
        };
        _cleanup_(host_done) Host h;

        host_init(&h);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strjoin("{\"cdiVersion\": \"1.1.0\", \"kind\": \"acme.com/gpu\", "
                                                    "\"devices\": [{\"name\": \"0\", \"containerEdits\": {",
                                                    cases[i].edits, "}}]}");

                put(&h, "early/acme.json", text);
                refuse(&h, "acme.com/gpu=0", cases[i].code, cases[i].words);
        }
        put(&h, "early/acme.json",
            "{\"cdiVersion\": \"2.0.0\", \"kind\": \"acme.com/gpu\", \"devices\": [" DEVICE("0", "") "]}");
        refuse(&h, "acme.com/gpu=0", GRPC_INVALID_ARGUMENT, "version 2.0.0 of the interface is not supported");
        put(&h, "early/acme.json", "{\"cdiVersion\":");
        refuse(&h, "acme.com/gpu=0", GRPC_INVALID_ARGUMENT, "/early/acme.json: ");
        put(&h, "early/acme.json", SPEC(DEVICE("0", ""), ""));
        refuse(&h, "acme.com/gpu=2", GRPC_INVALID_ARGUMENT, "there is no CDI device 'acme.com/gpu=2'");
        refuse(&h, "other.com/gpu=0", GRPC_INVALID_ARGUMENT, "there is no CDI device");
        refuse(&h, "gpu=0", GRPC_INVALID_ARGUMENT, "VENDOR/CLASS=NAME");
        refuse(&h, "acme.com/gpu", GRPC_INVALID_ARGUMENT, "VENDOR/CLASS=NAME");
        refuse(&h, "acme.com/gpu=", GRPC_INVALID_ARGUMENT, "VENDOR/CLASS=NAME");
}
