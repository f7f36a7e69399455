/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/nearest.h"
#include "basic/parse.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/compose/composefile-variables.h"
#include "foreign/quadlet/quadlet-options.h"

/* Ways that many members have */

static int one_value(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        return text ? composefile_carry(c, row->key, text) : lose(c, "expected one word");
}

static int values(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_value, row);
}

static int nothing(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return 0;
}

/* A value that switches something off needs nothing. */
static int unless_off(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        return text && parse_boolean(text) == 0 ? 0 : quadlet_step_tell(&c->step, row->state, "%s", row->why);
}

static int attachable(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        return text && parse_boolean(text) == 0 ? 0 : composefile_carry(c, "PodmanArgs", row->key);
}

/* The key has the values that need nothing: "a|b". */
static int unless_one_of(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_strv_free_ char **harmless = NULL;

        if (strv_split(row->key, '|', &harmless) < 0)
                return -ENOMEM;
        return strv_contains(harmless, strempty(composefile_text(value)))
                       ? 0
                       : quadlet_step_tell(&c->step, row->state, "%s", row->why);
}

static int told(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return quadlet_step_tell(&c->step, row->state, "%s", row->why);
}

static int one_label(ComposefileStep *c, const ComposefileRow *row, const char *pair)
{
        return strv_extendf(&c->step.app->words, "%s=%s%s", row->key, pair, strchr(pair, '=') ? "" : "=");
}

static int labels(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each_pair(c, value, one_label, row);
}

/* The rest */

static int one_sysctl(ComposefileStep *c, const ComposefileRow *row, const char *pair)
{
        return strv_extendf(&c->step.pod->words, "--sysctl=%s", pair);
}

static int sysctls(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each_pair(c, value, one_sysctl, row);
}

/* Only what is built already can be fetched. */
static int build(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return c->step.app->image ? change(c, "the image is not built, but fetched by its name")
                                  : lose(c, "build it, with podctl build -f or another tool, and "
                                            "write its name as 'image'");
}

static int pull_policy(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = strempty(composefile_text(value));

        return composefile_carry(c, "Pull", streq(text, "if_not_present") ? "missing" : text);
}

static int one_security_option(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        static const struct {
                const char *prefix, *key;
        } rows[] = {
                { "seccomp=", "SeccompProfile" },
                { "seccomp:", "SeccompProfile" },
                { "no-new-privileges:", "--no-new-privileges" },
                { "no-new-privileges=", "--no-new-privileges" },
                { "apparmor=", "--apparmor" },
                { "apparmor:", "--apparmor" },
        };
        const char *text = strempty(composefile_text(value));

        /* An app has the label that --selinux= names, or none. */
        if (streq(text, "label=disable") || streq(text, "label:disable"))
                return 0;
        if (streq(text, "no-new-privileges"))
                return composefile_carry(c, "--no-new-privileges", "true");
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const char *rest = startswith(text, rows[i].prefix);
                _cleanup_free_ char *path = NULL;

                if (!rest)
                        continue;
                path = *rest == '.' ? quadlet_path(&c->step, rest) : strdup(rest);
                return path ? composefile_carry(c, rows[i].key, path) : -ENOMEM;
        }
        return lose(c, "'%s' is not possible", text);
}

static int ipc(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return quadlet_ipc(&c->step, NULL, strempty(composefile_text(value)));
}

static int privileged(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        c->step.app->privileged = composefile_is_true(composefile_text(value));
        return c->step.app->privileged ? change(c, FOREIGN_PRIVILEGED) : 0;
}

static int security_options(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_security_option, row);
}

#define LOST(member, why)                                                                                              \
        {                                                                                                              \
                member, told, NULL, FINDING_LOST, why                                                                  \
        }
#define CHANGED(member, why)                                                                                           \
        {                                                                                                              \
                member, told, NULL, FINDING_CHANGED, why                                                               \
        }

#define WHOLE_POD "it would be that of the whole pod"
#define NO_LIMIT "this is not limited here"
#define OWN_NAMESPACE "a pod has namespaces of its own"

/* In the order in which they are carried over: a file of variables comes before those of the service. */
static const ComposefileRow rows[] = {
        { "image", composefile_image },
        { "build", build },
        { "command", composefile_command },
        { "entrypoint", composefile_entrypoint },
        { "env_file", composefile_env_file },
        { "environment", composefile_environment },
        { "working_dir", one_value, "WorkingDir" },
        { "user", one_value, "User" },
        { "group_add", values, "GroupAdd" },
        { "volumes", composefile_volumes },
        { "tmpfs", values, "Tmpfs" },
        { "shm_size", one_value, "ShmSize" },
        { "read_only", one_value, "ReadOnly" },
        { "secrets", composefile_secrets },
        { "configs", composefile_configs },
        { "devices", values, "AddDevice" },
        { "cap_add", values, "AddCapability" },
        { "cap_drop", values, "DropCapability" },
        { "security_opt", security_options },
        { "healthcheck", composefile_healthcheck },
        { "depends_on", composefile_depends_on },
        { "links", composefile_links },
        { "restart", composefile_restart },
        { "stop_signal", one_value, "StopSignal" },
        { "stop_grace_period", one_value, "--stop-timeout" },
        { "deploy", composefile_deploy },
        { "cpus", composefile_cpus },
        { "cpu_shares", one_value, "--cpu-shares" },
        { "mem_limit", composefile_memory },
        { "pids_limit", composefile_pids_limit },
        { "ulimits", composefile_ulimits },
        { "sysctls", sysctls },
        { "oom_score_adj", one_value, "--oom-score-adj" },
        { "labels", labels, "--user-label" },
        { "label_file", composefile_label_file, "--user-label" },
        { "annotations", labels, "--user-annotation" },
        { "post_start", composefile_hooks, "--post-start", .why = " && " },
        { "pre_stop", composefile_hooks, "--pre-stop", .why = "; " },
        { "ports", composefile_ports },
        { "expose", composefile_expose },
        { "networks", composefile_networks },
        { "network_mode", composefile_network_mode },
        { "hostname", composefile_hostname },
        { "container_name", composefile_container_name },
        { "extra_hosts", composefile_extra_hosts },
        { "dns", values, "DNS" },
        { "dns_search", values, "DNSSearch" },
        { "dns_opt", values, "DNSOption" },
        { "pull_policy", pull_policy },
        { "init", nothing },
        { "attach", unless_one_of, "true|yes|1|on", FINDING_CHANGED,
          "podctl logs shows the output of all apps, and with --app= that of one" },
        { "profiles", nothing },
        { "privileged", privileged },
        { "scale", unless_one_of, "1", FINDING_LOST, "one app is made of a service; give each one a name of its own" },
        { "ipc", ipc },
        { "cgroup", unless_one_of, "private", FINDING_LOST, OWN_NAMESPACE },
        { "oom_kill_disable", unless_off, NULL, FINDING_LOST, "systemd ends what has too much" },
        { "stdin_open", attachable, "--interactive" },
        { "tty", attachable, "--tty" },
        CHANGED("develop", "nothing is built here"),
        CHANGED("logging", "the journal has the output"),
        CHANGED("platform", "the image is that of this machine"),
        CHANGED("isolation", "the engine is systemd-nspawn"),
        CHANGED("mem_reservation", NO_LIMIT),
        CHANGED("blkio_config", NO_LIMIT),
        LOST("cgroup_parent", "write Slice= into a drop-in of the pod's unit"),
        LOST("cpu_count", "write cpus"),
        LOST("cpu_percent", "write cpus"),
        LOST("cpu_period", "write cpus"),
        LOST("cpu_quota", "write cpus"),
        LOST("cpu_rt_period", NO_LIMIT),
        LOST("cpu_rt_runtime", NO_LIMIT),
        LOST("cpuset", "write AllowedCPUs= into a drop-in of the pod's unit"),
        LOST("credential_spec", "this is Linux"),
        LOST("device_cgroup_rules", "name the devices with devices"),
        LOST("domainname", "write the whole name as hostname"),
        { "extends", nothing },
        LOST("external_links", "make the other service a pod, and use its name"),
        LOST("gpus", "name the devices with devices"),
        LOST("mac_address", WHOLE_POD),
        LOST("mem_swappiness", NO_LIMIT),
        LOST("memswap_limit", "write MemorySwapMax= into a drop-in of the pod's unit"),
        LOST("models", "there are no models here"),
        LOST("pid", "a service sees its own processes; after the image, --pids=shared shows those of the pod, and "
                    "podctl create --stage1=fly those of the host"),
        LOST("provider", "there are none here"),
        LOST("runtime", "the engine is systemd-nspawn"),
        LOST("storage_opt", NO_LIMIT),
        LOST("use_api_socket", "podctl has no daemon"),
        { "userns_mode", one_value, "UserNS" },
        LOST("uts", OWN_NAMESPACE),
        LOST("volumes_from", "name the volumes in both services"),
        {},
};

/* The service */

static int tell_member(ComposefileStep *c)
{
        if (c->told && c->step.state == FINDING_CARRIED)
                return 0;
        return composefile_note(c->make, c->at, c->step.state, TAKE_PTR(c->step.why));
}

static int carry_member(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_free_ char *at = strjoin("services.", c->service, ".", row->member);
        int r;

        if (!at)
                return -ENOMEM;
        c->at = at;
        c->told = false;
        c->before = pod_draft_mark(c->step.pod, c->step.app);
        c->step.state = FINDING_CARRIED;
        c->step.why = mfree(c->step.why);
        r = row->carry(c, row, value);
        if (r >= 0)
                r = composefile_said(c);
        if (r >= 0)
                r = tell_member(c);
        c->step.why = mfree(c->step.why);
        c->at = NULL;
        return r;
}

static int tell_unknown(ComposefileStep *c, const char *member)
{
        _cleanup_free_ char *at = strjoin("services.", c->service, ".", member);
        Nearest nearest = { .written = member };

        if (!at)
                return -ENOMEM;
        for (const ComposefileRow *row = rows; row->member; row++)
                nearest_offer(&nearest, row->member);
        return nearest.known ? composefile_tell(c->make, at, FINDING_LOST,
                                                "there is no such member; did you mean '%s'?", nearest.known)
                             : composefile_tell(c->make, at, FINDING_LOST, "podctl does not know this member");
}

static bool is_known(const char *member)
{
        for (const ComposefileRow *row = rows; row->member; row++)
                if (streq(row->member, member))
                        return true;
        return startswith(member, "x-");
}

static int carry_members(ComposefileStep *c, json_object *service)
{
        json_object *value;

        for (const ComposefileRow *row = rows; row->member; row++) {
                int r = json_object_object_get_ex(service, row->member, &value) ? carry_member(c, row, value) : 0;

                if (r < 0)
                        return r;
        }
        json_object_object_foreach(service, member, ignored) {
                int r = is_known(member) ? 0 : tell_unknown(c, member);

                (void) ignored;
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Capabilities that a container of docker has without being asked. */
static const char *const docker_caps[] = { "AUDIT_WRITE", "CHOWN",   "DAC_OVERRIDE",     "FOWNER",     "FSETID",
                                           "KILL",        "MKNOD",   "NET_BIND_SERVICE", "NET_RAW",    "SETFCAP",
                                           "SETGID",      "SETPCAP", "SETUID",           "SYS_CHROOT", NULL };

static int finish(ComposefileStep *c, json_object *service)
{
        _cleanup_free_ char *at = strjoin("services.", c->service);
        AppDraft *app = c->step.app;
        int r = at ? app_draft_finish_caps(app, docker_caps) : -ENOMEM;

        if (r == -EOPNOTSUPP)
                r = composefile_tell(c->make, at, FINDING_LOST,
                                     "all capabilities are not possible; name those that it needs with cap_add");
        /* One that cannot be an image has been told. */
        if (r >= 0 && !app->image && !json_object_object_get_ex(service, "image", NULL))
                r = composefile_tell(c->make, at, FINDING_LOST, "there is no image; write its name");
        if (r >= 0 && strv_contains(c->make->oneshots, c->service))
                r = strv_extend(&app->words, "--annotation=podctl/oneshot=true");
        if (r >= 0 && strv_contains(c->make->awaited, c->service))
                r = strv_extend(&app->words, "--health-ready");
        if (r >= 0)
                r = composefile_host_entry(c, c->service, "127.0.0.1");
        return r < 0 ? r : app_draft_finish(app);
}

int composefile_service(ComposefileMake *make, const char *name, json_object *service)
{
        QuadletFile file = { .path = make->input->paths[0], .stem = (char *) "", .suffix = (char *) "compose" };
        ComposefileStep c = { .make = make,
                              .service = name,
                              .step = { .files = &file,
                                        .n_files = 1,
                                        .file = &file,
                                        .exists = make->input->exists,
                                        .networks = make->input->networks,
                                        .pod = make->pod } };
        int r = pod_draft_add_app(make->pod, strdup(name), composefile_app_name(name), &c.step.app);

        if (r >= 0)
                r = carry_members(&c, service);
        free(c.step.why);
        return r < 0 ? r : finish(&c, service);
}
