/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-types-internal.h"
#include "manifest/ac-types.h"
#include "manifest/health-check.h"

/* Variables */

static const JsonField key_table[] = {
        { "name", &json_string, offsetof(KubeKey, name), JSON_MANDATORY | JSON_NONEMPTY },
        { "key", &json_string, offsetof(KubeKey, key), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeKey, "optional", &json_boolean, optional),
        {}
};
static const JsonType key_type = JSON_POINTER(KubeKey, key_table, NULL);

static const JsonField field_ref_table[] = {
        { "fieldPath", &json_string, offsetof(KubeField, field), JSON_MANDATORY },
        {}
};
static const JsonType field_ref_type = NESTED(field_ref_table);

static const JsonField resource_ref_table[] = {
        { "resource", &json_string, offsetof(KubeField, resource), JSON_MANDATORY },
        ROW(KubeField, "containerName", &json_string, container),
        ROW(KubeField, "divisor", &json_raw, divisor),
        {}
};
static const JsonType resource_ref_type = NESTED(resource_ref_table);

static const JsonField value_from_table[] = {
        ROW(KubeVariable, "configMapKeyRef", &key_type, config_map),
        ROW(KubeVariable, "secretKeyRef", &key_type, secret),
        ROW(KubeVariable, "fieldRef", &field_ref_type, from),
        ROW(KubeVariable, "resourceFieldRef", &resource_ref_type, from),
        {}
};
static const JsonType value_from_type = NESTED(value_from_table);

static const JsonField variable_table[] = {
        { "name", &json_string, offsetof(KubeVariable, name), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeVariable, "value", &json_string, value),
        { "valueFrom", &value_from_type, 0 },
        {}
};

static int check_variable(void *p, json_object *o, JsonError *e)
{
        const KubeVariable *v = p;
        int n = (v->config_map != NULL) + (v->secret != NULL) + (v->from.field != NULL) +
                (v->from.resource != NULL), r = 0;

        if (json_object_object_get(o, "valueFrom") && n != 1)
                r = json_error_add(e, -EINVAL, "valueFrom", "expected exactly one source");
        if (n > 0 && !isempty(v->value))
                r = json_error_add(e, -EINVAL, "value", "cannot be combined with 'valueFrom'");
        if (strchr(v->name, '='))
                r = json_error_add(e, -EINVAL, "name", "'%s' is not a valid name of a variable", v->name);
        return r;
}
static const JsonType variable_type = JSON_ARRAY(KubeVariable, variable_table, check_variable);

static const JsonField whole_key_table[] = {
        { "name", &json_string, offsetof(KubeKey, name), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeKey, "optional", &json_boolean, optional),
        {}
};
static const JsonType whole_key_type = JSON_POINTER(KubeKey, whole_key_table, NULL);

static const JsonField variables_table[] = {
        ROW(KubeVariables, "prefix", &json_string, prefix),
        ROW(KubeVariables, "configMapRef", &whole_key_type, config_map),
        ROW(KubeVariables, "secretRef", &whole_key_type, secret),
        {}
};

static int check_variables(void *p, json_object *o, JsonError *e)
{
        const KubeVariables *v = p;

        return !v->config_map == !v->secret
                       ? json_error_set(e, -EINVAL, NULL, "expected either 'configMapRef' or 'secretRef'")
                       : 0;
}
static const JsonType variables_type = JSON_ARRAY(KubeVariables, variables_table, check_variables);

/* Containers */

static const JsonField port_table[] = {
        ROW(KubePort, "name", &json_string, name),
        { "containerPort", &json_uint32, offsetof(KubePort, container_port), JSON_MANDATORY },
        ROW(KubePort, "hostPort", &json_uint32, host_port),
        ROW(KubePort, "hostIP", &json_string, host_ip),
        ROW(KubePort, "protocol", &json_string, protocol),
        {}
};

static int check_port(void *p, json_object *o, JsonError *e)
{
        const KubePort *port = p;
        int r = 0;

        if (port->container_port < 1 || port->container_port > UINT16_MAX)
                r = json_error_add(e, -EINVAL, "containerPort", "must be between 1 and 65535");
        if (port->host_port > UINT16_MAX)
                r = json_error_add(e, -EINVAL, "hostPort", "must be between 1 and 65535");
        if (port->protocol && !streq(port->protocol, "TCP") && !streq(port->protocol, "UDP") &&
            !streq(port->protocol, "SCTP"))
                r = json_error_add(e, -EINVAL, "protocol", "expected TCP, UDP or SCTP, not '%s'", port->protocol);
        return r;
}
static const JsonType port_type = JSON_ARRAY(KubePort, port_table, check_port);

/* podman writes names of volumes that Kubernetes would not take, with dots from paths. */
static int volume_name_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return ac_name_sanitize(json_object_get_string(o), p) == -ENOMEM ? -ENOMEM
               : *(char **) p                                            ? 0
                                                                         : json_string.read(type, o, p, e);
}

static int volume_name_write(const JsonType *type, const void *p, json_object **ret)
{
        return json_string.write(type, p, ret);
}

static void volume_name_free(const JsonType *type, void *p)
{
        json_string.free(type, p);
}

static const JsonType volume_name_type = { volume_name_read, volume_name_write, volume_name_free, json_type_string };

static const JsonField mount_table[] = {
        { "name", &volume_name_type, offsetof(KubeMount, name), JSON_MANDATORY },
        { "mountPath", &json_string, offsetof(KubeMount, path), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeMount, "subPath", &json_string, sub_path),
        ROW(KubeMount, "mountPropagation", &json_string, propagation),
        ROW(KubeMount, "readOnly", &json_boolean, read_only),
        {}
};
static const JsonType mount_type = JSON_ARRAY(KubeMount, mount_table, NULL);

static const JsonField resources_table[] = {
        ROW(KubeContainer, "limits", &json_raw, limits),
        ROW(KubeContainer, "requests", &json_raw, requests),
        {}
};
static const JsonType resources_type = NESTED(resources_table);

/* Security */

static const JsonField profile_table[] = {
        { "type", &json_string, offsetof(KubeProfile, type), JSON_MANDATORY },
        ROW(KubeProfile, "localhostProfile", &json_string, local),
        {}
};
static const JsonType profile_type = JSON_POINTER(KubeProfile, profile_table, NULL);

static const JsonField selinux_table[] = {
        ROW(KubeSelinux, "user", &json_string, user),
        ROW(KubeSelinux, "role", &json_string, role),
        ROW(KubeSelinux, "type", &json_string, type),
        ROW(KubeSelinux, "level", &json_string, level),
        {}
};
static const JsonType selinux_type = JSON_POINTER(KubeSelinux, selinux_table, NULL);

static const JsonField capabilities_table[] = {
        ROW(KubeSecurity, "add", &json_strv, add),
        ROW(KubeSecurity, "drop", &json_strv, drop),
        {}
};
static const JsonType capabilities_type = NESTED(capabilities_table);

/* An ID of a user or group; it is kept as JSON, to tell absent from 0. */
static int id_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        int64_t id = json_object_get_int64(o);

        if (id < 0 || id > INT32_MAX)
                return json_error_set(e, -EINVAL, NULL, "must be between 0 and 2147483647");
        return json_raw.read(type, o, p, e);
}

static int id_write(const JsonType *type, const void *p, json_object **ret)
{
        return json_raw.write(type, p, ret);
}

static void id_free(const JsonType *type, void *p)
{
        json_raw.free(type, p);
}

static const JsonType id_type = { id_read, id_write, id_free, json_type_int };

static int positive_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return json_object_get_int64(o) == 0 ? json_error_set(e, -EINVAL, NULL, "must be between 1 and 2147483647")
                                             : id_read(type, o, p, e);
}

static const JsonType positive_type = { positive_read, id_write, id_free, json_type_int };

static const JsonField security_table[] = {
        ROW(KubeSecurity, "runAsUser", &id_type, user),
        ROW(KubeSecurity, "runAsGroup", &id_type, group),
        ROW(KubeSecurity, "runAsNonRoot", &json_tristate, non_root),
        ROW(KubeSecurity, "allowPrivilegeEscalation", &json_tristate, escalation),
        ROW(KubeSecurity, "readOnlyRootFilesystem", &json_boolean, read_only),
        ROW(KubeSecurity, "privileged", &json_boolean, privileged),
        ROW(KubeSecurity, "procMount", &json_string, proc_mount),
        { "capabilities", &capabilities_type, 0 },
        ROW(KubeSecurity, "seccompProfile", &profile_type, seccomp),
        ROW(KubeSecurity, "appArmorProfile", &profile_type, apparmor),
        ROW(KubeSecurity, "seLinuxOptions", &selinux_type, selinux),
        {}
};
static const JsonType security_type = JSON_POINTER(KubeSecurity, security_table, NULL);

static const JsonField sysctl_table[] = {
        { "name", &json_string, offsetof(struct KubeSysctl, name), JSON_MANDATORY },
        { "value", &json_string, offsetof(struct KubeSysctl, value), JSON_MANDATORY },
        {}
};
static const JsonType sysctl_type = JSON_ARRAY(struct KubeSysctl, sysctl_table, NULL);

static const JsonField pod_security_table[] = {
        ROW(KubeSecurity, "runAsUser", &id_type, user),
        ROW(KubeSecurity, "runAsGroup", &id_type, group),
        ROW(KubeSecurity, "runAsNonRoot", &json_tristate, non_root),
        ROW(KubeSecurity, "fsGroup", &id_type, fs_group),
        ROW(KubeSecurity, "supplementalGroups", &json_uint32_list, groups),
        ROW(KubeSecurity, "sysctls", &sysctl_type, sysctls),
        ROW(KubeSecurity, "seccompProfile", &profile_type, seccomp),
        ROW(KubeSecurity, "appArmorProfile", &profile_type, apparmor),
        ROW(KubeSecurity, "seLinuxOptions", &selinux_type, selinux),
        {}
};
static const JsonType pod_security_type = JSON_POINTER(KubeSecurity, pod_security_table, NULL);

static const JsonField container_table[] = {
        { "name", &json_string, offsetof(KubeContainer, name), JSON_MANDATORY | JSON_NONEMPTY },
        { "image", &json_string, offsetof(KubeContainer, image), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeContainer, "imagePullPolicy", &json_string, pull_policy),
        ROW(KubeContainer, "restartPolicy", &json_string, restart_policy),
        ROW(KubeContainer, "command", &json_strv, command),
        ROW(KubeContainer, "args", &json_strv, args),
        ROW(KubeContainer, "workingDir", &json_string, working_dir),
        ROW(KubeContainer, "stdin", &json_boolean, open_input),
        ROW(KubeContainer, "tty", &json_boolean, terminal),
        ROW(KubeContainer, "env", &variable_type, env),
        ROW(KubeContainer, "envFrom", &variables_type, env_from),
        ROW(KubeContainer, "ports", &port_type, ports),
        ROW(KubeContainer, "volumeMounts", &mount_type, mounts),
        { "resources", &resources_type, 0 },
        ROW(KubeContainer, "livenessProbe", &kube_type_probe, probes[HEALTH_LIVENESS]),
        ROW(KubeContainer, "startupProbe", &kube_type_probe, probes[HEALTH_STARTUP]),
        ROW(KubeContainer, "readinessProbe", &kube_type_probe, probes[HEALTH_READINESS]),
        ROW(KubeContainer, "lifecycle", &kube_type_lifecycle, lifecycle),
        ROW(KubeContainer, "securityContext", &security_type, security),
        {}
};
static const JsonType container_type = JSON_ARRAY(KubeContainer, container_table, NULL);

/* Volumes */

static const JsonField item_table[] = {
        { "key", &json_string, offsetof(KubeItem, key), JSON_MANDATORY },
        { "path", &json_string, offsetof(KubeItem, path), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeItem, "mode", &json_raw, mode),
        {}
};
static const JsonType item_type = JSON_ARRAY(KubeItem, item_table, NULL);

static const JsonField config_files_table[] = {
        { "name", &json_string, offsetof(KubeFiles, name), JSON_MANDATORY },
        ROW(KubeFiles, "items", &item_type, items),
        ROW(KubeFiles, "defaultMode", &json_raw, mode),
        ROW(KubeFiles, "optional", &json_boolean, optional),
        {}
};
static const JsonType config_files_type = JSON_POINTER(KubeFiles, config_files_table, NULL);

static const JsonField secret_files_table[] = {
        { "secretName", &json_string, offsetof(KubeFiles, name), JSON_MANDATORY },
        ROW(KubeFiles, "items", &item_type, items),
        ROW(KubeFiles, "defaultMode", &json_raw, mode),
        ROW(KubeFiles, "optional", &json_boolean, optional),
        {}
};
static const JsonType secret_files_type = JSON_POINTER(KubeFiles, secret_files_table, NULL);

static const JsonField projected_files_table[] = {
        { "name", &json_string, offsetof(KubeFiles, name), JSON_MANDATORY },
        ROW(KubeFiles, "items", &item_type, items),
        ROW(KubeFiles, "optional", &json_boolean, optional),
        {}
};
static const JsonType projected_files_type = JSON_POINTER(KubeFiles, projected_files_table, NULL);

static const JsonField downward_item_table[] = {
        { "path", &json_string, offsetof(KubeItem, path), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubeItem, "fieldRef", &field_ref_type, from),
        ROW(KubeItem, "resourceFieldRef", &resource_ref_type, from),
        ROW(KubeItem, "mode", &json_raw, mode),
        {}
};

static int check_downward_item(void *p, json_object *o, JsonError *e)
{
        const KubeItem *item = p;

        return !item->from.field == !item->from.resource
                       ? json_error_set(e, -EINVAL, NULL, "expected either 'fieldRef' or 'resourceFieldRef'")
                       : 0;
}
static const JsonType downward_item_type = JSON_ARRAY(KubeItem, downward_item_table, check_downward_item);

static const JsonField downward_table[] = {
        ROW(KubeFiles, "items", &downward_item_type, items),
        ROW(KubeFiles, "defaultMode", &json_raw, mode),
        {}
};
static const JsonType downward_type = JSON_POINTER(KubeFiles, downward_table, NULL);

static const JsonField origin_table[] = {
        ROW(KubeOrigin, "configMap", &projected_files_type, config_map),
        ROW(KubeOrigin, "secret", &projected_files_type, secret),
        ROW(KubeOrigin, "downwardAPI", &downward_type, downward),
        {}
};

static int count_origins(const KubeOrigin *o)
{
        return (o->config_map != NULL) + (o->secret != NULL) + (o->downward != NULL);
}

/* What is none of these was refused by name before (kube-rules.c). */
static int check_origin(void *p, json_object *o, JsonError *e)
{
        return count_origins(p) > 1 ? json_error_set(e, -EINVAL, NULL, "expected one source") : 0;
}
static const JsonType origin_type = JSON_ARRAY(KubeOrigin, origin_table, check_origin);

static const JsonField projected_table[] = {
        ROW(KubeProjected, "sources", &origin_type, sources),
        ROW(KubeProjected, "defaultMode", &json_raw, mode),
        {}
};
static const JsonType projected_type = JSON_POINTER(KubeProjected, projected_table, NULL);

static const JsonField empty_table[] = {
        ROW(struct KubeEmptyDir, "medium", &json_string, medium),
        ROW(struct KubeEmptyDir, "sizeLimit", &json_raw, size),
        {}
};
static const JsonType empty_type = JSON_POINTER(struct KubeEmptyDir, empty_table, NULL);

static const JsonField host_table[] = {
        { "path", &json_string, offsetof(struct KubeHostPath, path), JSON_MANDATORY },
        ROW(struct KubeHostPath, "type", &json_string, type),
        {}
};
static const JsonType host_type = JSON_POINTER(struct KubeHostPath, host_table, NULL);

static const JsonField claim_table[] = {
        { "claimName", &json_string, offsetof(struct KubeClaim, name), JSON_MANDATORY },
        ROW(struct KubeClaim, "readOnly", &json_boolean, read_only),
        {}
};
static const JsonType claim_type = JSON_POINTER(struct KubeClaim, claim_table, NULL);

static const JsonField image_volume_table[] = {
        { "reference", &json_string, offsetof(struct KubeImageVolume, reference), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(struct KubeImageVolume, "pullPolicy", &json_string, pull_policy),
        {}
};
static const JsonType image_volume_type = JSON_POINTER(struct KubeImageVolume, image_volume_table, NULL);

static const JsonField volume_table[] = {
        { "name", &volume_name_type, offsetof(KubeVolume, name), JSON_MANDATORY },
        ROW(KubeVolume, "emptyDir", &empty_type, empty),
        ROW(KubeVolume, "hostPath", &host_type, host),
        ROW(KubeVolume, "persistentVolumeClaim", &claim_type, claim),
        ROW(KubeVolume, "image", &image_volume_type, image),
        ROW(KubeVolume, "configMap", &config_files_type, files.config_map),
        ROW(KubeVolume, "secret", &secret_files_type, files.secret),
        ROW(KubeVolume, "downwardAPI", &downward_type, files.downward),
        ROW(KubeVolume, "projected", &projected_type, projected),
        {}
};

static int check_volume(void *p, json_object *o, JsonError *e)
{
        const KubeVolume *v = p;
        int n = (v->empty != NULL) + (v->host != NULL) + (v->claim != NULL) + (v->image != NULL) +
                (v->projected != NULL) + count_origins(&v->files);

        return n > 1 ? json_error_set(e, -EINVAL, NULL, "expected one kind of volume, not %i", n) : 0;
}
static const JsonType volume_type = JSON_ARRAY(KubeVolume, volume_table, check_volume);

/* Pods */

static const JsonField dns_option_table[] = {
        { "name", &json_string, offsetof(struct KubeDnsOption, name), JSON_MANDATORY },
        ROW(struct KubeDnsOption, "value", &json_string, value),
        {}
};
static const JsonType dns_option_type = JSON_ARRAY(struct KubeDnsOption, dns_option_table, NULL);

static const JsonField dns_table[] = {
        ROW(KubePodSpec, "nameservers", &json_strv, nameservers),
        ROW(KubePodSpec, "searches", &json_strv, searches),
        ROW(KubePodSpec, "options", &dns_option_type, dns_options),
        {}
};
static const JsonType dns_type = NESTED(dns_table);

static const JsonField alias_table[] = {
        { "ip", &json_string, offsetof(struct KubeHostAlias, ip), JSON_MANDATORY },
        { "hostnames", &json_strv, offsetof(struct KubeHostAlias, names), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};
static const JsonType alias_type = JSON_ARRAY(struct KubeHostAlias, alias_table, NULL);

static const JsonField pull_secret_table[] = {
        { "name", &json_string, offsetof(KubeKey, name), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};
static const JsonType pull_secret_type = JSON_ARRAY(KubeKey, pull_secret_table, NULL);

/* Written, and not read: see kube-rules.c. */
static const JsonField os_table[] = {
        { "name", &json_string, offsetof(KubePodSpec, os), JSON_MANDATORY },
        {}
};
static const JsonType os_type = NESTED(os_table);

static const JsonField spec_table[] = {
        { "containers", &container_type, offsetof(KubePodSpec, containers), JSON_MANDATORY | JSON_NONEMPTY },
        ROW(KubePodSpec, "initContainers", &container_type, init),
        ROW(KubePodSpec, "volumes", &volume_type, volumes),
        ROW(KubePodSpec, "imagePullSecrets", &pull_secret_type, pull_secrets),
        ROW(KubePodSpec, "restartPolicy", &json_string, restart_policy),
        { "os", &os_type, 0 },
        ROW(KubePodSpec, "hostname", &json_string, hostname),
        ROW(KubePodSpec, "subdomain", &json_string, subdomain),
        ROW(KubePodSpec, "dnsPolicy", &json_string, dns_policy),
        { "dnsConfig", &dns_type, 0 },
        ROW(KubePodSpec, "hostAliases", &alias_type, aliases),
        ROW(KubePodSpec, "hostNetwork", &json_boolean, host_network),
        ROW(KubePodSpec, "hostIPC", &json_boolean, host_ipc),
        ROW(KubePodSpec, "shareProcessNamespace", &json_boolean, share_processes),
        ROW(KubePodSpec, "terminationGracePeriodSeconds", &id_type, grace),
        ROW(KubePodSpec, "activeDeadlineSeconds", &positive_type, deadline),
        ROW(KubePodSpec, "securityContext", &pod_security_type, security),
        {}
};
static const JsonType spec_type = JSON_STRUCT(KubePodSpec, spec_table, NULL);

static const JsonField meta_table[] = {
        ROW(KubeMeta, "name", &json_string, name),
        ROW(KubeMeta, "namespace", &json_string, namespace),
        ROW(KubeMeta, "annotations", &json_string_map, annotations),
        ROW(KubeMeta, "labels", &json_string_map, labels),
        {}
};
static const JsonType meta_type = JSON_STRUCT(KubeMeta, meta_table, NULL);

/* apiVersion and kind were looked at before; they are read to nowhere. */
static int nowhere_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return 0;
}

static int nowhere_write(const JsonType *type, const void *p, json_object **ret)
{
        return 0;
}

static const JsonType nowhere = { nowhere_read, nowhere_write, NULL, json_type_string };

#define HEAD(T)                                                                                                \
        { "apiVersion", &nowhere, 0 }, { "kind", &nowhere, 0 }, { "metadata", &meta_type, offsetof(T, meta) }

static const JsonField pod_table[] = {
        HEAD(KubePodObject),
        { "spec", &spec_type, offsetof(KubePodObject, spec), JSON_MANDATORY },
        {}
};
const JsonType kube_type_pod = JSON_POINTER(KubePodObject, pod_table, NULL);

static const JsonField template_table[] = {
        { "metadata", &meta_type, offsetof(KubePodObject, meta) },
        { "spec", &spec_type, offsetof(KubePodObject, spec), JSON_MANDATORY },
        {}
};
static const JsonType template_type = JSON_STRUCT(KubePodObject, template_table, NULL);

static const JsonField workload_spec_table[] = {
        { "template", &template_type, offsetof(KubeWorkload, template), JSON_MANDATORY },
        ROW(KubeWorkload, "replicas", &id_type, replicas),
        ROW(KubeWorkload, "completions", &id_type, completions),
        ROW(KubeWorkload, "parallelism", &id_type, parallelism),
        ROW(KubeWorkload, "activeDeadlineSeconds", &positive_type, deadline),
        ROW(KubeWorkload, "backoffLimit", &id_type, retries),
        {}
};
static const JsonType workload_spec_type = NESTED(workload_spec_table);

static const JsonField workload_table[] = {
        HEAD(KubeWorkload),
        { "spec", &workload_spec_type, 0, JSON_MANDATORY },
        {}
};
const JsonType kube_type_workload = JSON_POINTER(KubeWorkload, workload_table, NULL);

static const JsonField job_template_table[] = {
        ROW(KubeWorkload, "metadata", &meta_type, meta),
        { "spec", &workload_spec_type, 0, JSON_MANDATORY },
        {}
};
static const JsonType job_template_type = JSON_STRUCT(KubeWorkload, job_template_table, NULL);

static const JsonField cron_spec_table[] = {
        { "schedule", &json_string, offsetof(KubeCron, schedule), JSON_MANDATORY },
        ROW(KubeCron, "timeZone", &json_string, zone),
        ROW(KubeCron, "concurrencyPolicy", &json_string, concurrency),
        ROW(KubeCron, "suspend", &json_boolean, suspend),
        ROW(KubeCron, "startingDeadlineSeconds", &id_type, deadline),
        { "jobTemplate", &job_template_type, offsetof(KubeCron, job), JSON_MANDATORY },
        {}
};
static const JsonType cron_spec_type = NESTED(cron_spec_table);

static const JsonField cron_table[] = {
        HEAD(KubeCron),
        { "spec", &cron_spec_type, 0, JSON_MANDATORY },
        {}
};
const JsonType kube_type_cron = JSON_POINTER(KubeCron, cron_table, NULL);

/* As Kubernetes has them (concepts/configuration/configmap, "data"), which become names of files. */
#define CONFIG_KEY_MAX 253U

static bool is_config_key(const char *pair, size_t n)
{
        _cleanup_free_ char *key = strndup(pair, n);

        return key && n > 0 && n <= CONFIG_KEY_MAX && !streq(key, ".") && !startswith(key, "..") &&
               string_in_charset(key, LOWERCASE UPPERCASE DIGITS "-_.");
}

static int config_check(void *p, json_object *o, JsonError *e)
{
        const KubeConfig *c = p;
        int r = 0;
        const struct {
                const char *member;
                char *const *pairs;
        } rows[] = { { "data", c->data }, { "binaryData", c->binary }, { "stringData", c->strings } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                STRV_FOREACH(pair, rows[i].pairs) {
                        size_t n = strcspn(*pair, "=");

                        if (!is_config_key(*pair, n))
                                r = json_error_add(e, -EINVAL, rows[i].member,
                                                   "'%.*s' is not a valid key: letters, digits, '-', '_' and '.', at "
                                                   "most %u", (int) n, *pair, CONFIG_KEY_MAX);
                }
        return r;
}

static const JsonField config_table[] = {
        HEAD(KubeConfig),
        ROW(KubeConfig, "data", &json_string_map, data),
        ROW(KubeConfig, "binaryData", &json_string_map, binary),
        ROW(KubeConfig, "stringData", &json_string_map, strings),
        {}
};
const JsonType kube_type_config = JSON_POINTER(KubeConfig, config_table, config_check);

/* Its spec has rules only, see kube-rules.c. */
static const JsonField claim_spec_table[] = { {} };
static const JsonType claim_spec_type = NESTED(claim_spec_table);

static const JsonField claim_object_table[] = {
        HEAD(KubeClaimObject),
        { "spec", &claim_spec_type, 0 },
        {}
};
const JsonType kube_type_claim = JSON_POINTER(KubeClaimObject, claim_object_table, NULL);
