/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cri/cri-answer.h"
#include "cri/cri-record.h"

static const JsonField sandbox_table[] = {
        { "name", &json_string, offsetof(CriSandboxRecord, name) },
        { "uid", &json_string, offsetof(CriSandboxRecord, uid) },
        { "namespace", &json_string, offsetof(CriSandboxRecord, namespace) },
        { "attempt", &json_uint32, offsetof(CriSandboxRecord, attempt) },
        { "hostname", &json_string, offsetof(CriSandboxRecord, hostname) },
        { "handler", &json_string, offsetof(CriSandboxRecord, handler) },
        { "logDirectory", &json_string, offsetof(CriSandboxRecord, log_directory) },
        { "labels", &json_string_map, offsetof(CriSandboxRecord, labels) },
        { "annotations", &json_string_map, offsetof(CriSandboxRecord, annotations) },
        { "network", &json_uint32, offsetof(CriSandboxRecord, network) },
        { "pids", &json_uint32, offsetof(CriSandboxRecord, pids) },
        { "ipc", &json_uint32, offsetof(CriSandboxRecord, ipc) },
        { "uidBase", &json_uint32, offsetof(CriSandboxRecord, uid_base) },
        { "privileged", &json_boolean, offsetof(CriSandboxRecord, privileged) },
        { "unfiltered", &json_boolean, offsetof(CriSandboxRecord, unfiltered) },
        {},
};

static const JsonType sandbox_type = JSON_STRUCT(CriSandboxRecord, sandbox_table, NULL);

static const JsonField mount_table[] = {
        { "containerPath", &json_string, offsetof(CriMountRecord, container_path), JSON_MANDATORY },
        { "hostPath", &json_string, offsetof(CriMountRecord, host_path) },
        { "image", &json_string, offsetof(CriMountRecord, image) },
        { "imageID", &json_string, offsetof(CriMountRecord, image_id) },
        { "imageSubPath", &json_string, offsetof(CriMountRecord, image_sub_path) },
        { "readOnly", &json_boolean, offsetof(CriMountRecord, read_only) },
        { "recursiveReadOnly", &json_boolean, offsetof(CriMountRecord, recursive_read_only) },
        { "propagation", &json_uint32, offsetof(CriMountRecord, propagation) },
        {},
};

static const JsonType mounts_type = JSON_ARRAY(CriMountRecord, mount_table, NULL);

static const JsonField container_table[] = {
        { "id", &json_string, offsetof(CriContainerRecord, id), JSON_MANDATORY | JSON_NONEMPTY },
        { "name", &json_string, offsetof(CriContainerRecord, name) },
        { "attempt", &json_uint32, offsetof(CriContainerRecord, attempt) },
        { "image", &json_string, offsetof(CriContainerRecord, image) },
        { "imageReference", &json_string, offsetof(CriContainerRecord, image_reference) },
        { "imageID", &json_string, offsetof(CriContainerRecord, image_id) },
        { "logPath", &json_string, offsetof(CriContainerRecord, log_path) },
        { "stopSignal", &json_string, offsetof(CriContainerRecord, stop_signal) },
        { "labels", &json_string_map, offsetof(CriContainerRecord, labels) },
        { "annotations", &json_string_map, offsetof(CriContainerRecord, annotations) },
        { "mounts", &mounts_type, offsetof(CriContainerRecord, mounts) },
        { "cpuPeriod", &json_int64, offsetof(CriContainerRecord, cpu_period) },
        { "cpuQuota", &json_int64, offsetof(CriContainerRecord, cpu_quota) },
        { "cpuShares", &json_int64, offsetof(CriContainerRecord, cpu_shares) },
        { "memory", &json_int64, offsetof(CriContainerRecord, memory) },
        { "memorySwap", &json_int64, offsetof(CriContainerRecord, memory_swap) },
        { "oomScoreAdj", &json_int64, offsetof(CriContainerRecord, oom_score_adj) },
        { "cpus", &json_string, offsetof(CriContainerRecord, cpus) },
        { "memoryNodes", &json_string, offsetof(CriContainerRecord, memory_nodes) },
        { "unified", &json_string_map, offsetof(CriContainerRecord, unified) },
        { "terminal", &json_boolean, offsetof(CriContainerRecord, terminal) },
        { "openInput", &json_boolean, offsetof(CriContainerRecord, open_input) },
        { "inputOnce", &json_boolean, offsetof(CriContainerRecord, input_once) },
        {},
};

static const JsonType container_type = JSON_STRUCT(CriContainerRecord, container_table, NULL);

CriSandboxRecord *cri_sandbox_record_free(CriSandboxRecord *r)
{
        return r ? json_document_free(&sandbox_type, r) : NULL;
}

CriContainerRecord *cri_container_record_free(CriContainerRecord *r)
{
        return r ? json_document_free(&container_type, r) : NULL;
}

/* "" is what a field has that was not set. */
typedef struct Copy {
        const char *from;
        char **to;
} Copy;

static int copy_texts(const Copy *copies, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!isempty(copies[i].from) && free_and_strdup(copies[i].to, copies[i].from) < 0)
                        return -ENOMEM;
        return 0;
}

bool cri_is_unconfined(const Cri__SecurityProfile *p, const char *old)
{
        return p ? p->profile_type == CRI__SECURITY_PROFILE__PROFILE_TYPE__Unconfined
                 : isempty(old) || streq(old, "unconfined");
}

static void copy_security(const Cri__PodSandboxConfig *config, CriSandboxRecord *to)
{
        const Cri__LinuxSandboxSecurityContext *security = config->linux ? config->linux->security_context : NULL;
        const Cri__NamespaceOption *from = security ? security->namespace_options : NULL;

        to->privileged = security && security->privileged;
        to->unfiltered = !security || cri_is_unconfined(security->seccomp, security->seccomp_profile_path);
        if (!from)
                return;
        if (from->userns_options && from->userns_options->mode == CRI__NAMESPACE_MODE__POD &&
            from->userns_options->n_uids > 0)
                to->uid_base = from->userns_options->uids[0]->host_id;
        to->network = from->network;
        to->pids = from->pid;
        to->ipc = from->ipc;
}

int cri_sandbox_record_new(const Cri__PodSandboxConfig *config, const char *handler, CriSandboxRecord **ret)
{
        _cleanup_(cri_sandbox_record_freep) CriSandboxRecord *to = new0(CriSandboxRecord, 1);
        int r;

        if (!to)
                return -ENOMEM;
        r = copy_texts((const Copy[]) { { config->metadata->name, &to->name },
                                        { config->metadata->uid, &to->uid },
                                        { config->metadata->namespace_, &to->namespace },
                                        { config->log_directory, &to->log_directory },
                                        { config->hostname, &to->hostname },
                                        { handler, &to->handler } }, 6);
        to->attempt = config->metadata->attempt;
        copy_security(config, to);
        if (r >= 0)
                r = cri_map_read(config->labels, config->n_labels, &to->labels);
        if (r >= 0)
                r = cri_map_read(config->annotations, config->n_annotations, &to->annotations);
        if (r >= 0)
                *ret = TAKE_PTR(to);
        return r;
}

static int copy_mounts(const Cri__ContainerConfig *config, CriContainerRecord *to)
{
        int r = 0;

        to->mounts = new0(CriMountRecord, config->n_mounts + 1);
        if (!to->mounts)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < config->n_mounts; i++) {
                const Cri__Mount *from = config->mounts[i];
                CriMountRecord *m = &to->mounts[to->n_mounts++];

                r = copy_texts((const Copy[]) { { from->container_path, &m->container_path },
                                                { from->host_path, &m->host_path },
                                                { from->image ? from->image->image : NULL, &m->image },
                                                { from->image_sub_path, &m->image_sub_path } }, 4);
                m->read_only = from->readonly;
                m->recursive_read_only = from->recursive_read_only;
                m->propagation = from->propagation;
        }
        return r;
}

static int copy_unified(const Cri__LinuxContainerResources *from, CriContainerRecord *to)
{
        _cleanup_strv_free_ char **pairs = NULL;
        int r = cri_map_read(from->unified, from->n_unified, &pairs);

        STRV_FOREACH(pair, pairs) {
                char *sign = strchr(*pair, '=');

                *sign = 0;
                if (r >= 0)
                        r = strv_env_set(&to->unified, *pair, sign + 1);
                *sign = '=';
        }
        return r;
}

int cri_container_record_limits(const Cri__LinuxContainerResources *from, CriContainerRecord *to)
{
        const struct {
                int64_t from;
                int64_t *to;
        } rows[] = {
                { from->cpu_period, &to->cpu_period },
                { from->cpu_quota, &to->cpu_quota },
                { from->cpu_shares, &to->cpu_shares },
                { from->memory_limit_in_bytes, &to->memory },
                { from->memory_swap_limit_in_bytes, &to->memory_swap },
                { from->oom_score_adj, &to->oom_score_adj },
        };

        int r;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].from != 0)
                        *rows[i].to = rows[i].from;
        r = copy_texts((const Copy[]) { { from->cpuset_cpus, &to->cpus },
                                        { from->cpuset_mems, &to->memory_nodes } }, 2);
        return r < 0 ? r : copy_unified(from, to);
}

int cri_container_record_new(const Cri__ContainerConfig *config, CriContainerRecord **ret)
{
        _cleanup_(cri_container_record_freep) CriContainerRecord *to = new0(CriContainerRecord, 1);
        int r;

        if (!to)
                return -ENOMEM;
        r = copy_texts((const Copy[]) { { config->metadata->name, &to->name }, { config->image->image, &to->image } },
                       2);
        to->attempt = config->metadata->attempt;
        to->terminal = config->tty;
        to->open_input = config->stdin;
        to->input_once = config->stdin_once;
        if (r >= 0 && config->linux && config->linux->resources)
                r = cri_container_record_limits(config->linux->resources, to);
        if (r >= 0)
                r = copy_mounts(config, to);
        if (r >= 0)
                r = cri_map_read(config->labels, config->n_labels, &to->labels);
        if (r >= 0)
                r = cri_map_read(config->annotations, config->n_annotations, &to->annotations);
        if (r >= 0)
                *ret = TAKE_PTR(to);
        return r;
}

static int format_record(const JsonField *table, const void *r, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int k = json_table_write(table, r, &o);

        return k < 0 ? k : json_format_compact(o, ret);
}

int cri_sandbox_record_format(const CriSandboxRecord *r, char **ret)
{
        return format_record(sandbox_table, r, ret);
}

int cri_container_record_format(const CriContainerRecord *r, char **ret)
{
        return format_record(container_table, r, ret);
}

int cri_sandbox_record_of(const AppcPod *pod, CriSandboxRecord **ret)
{
        const char *text = appc_pod_annotation(pod, CRI_ANNOTATION);

        return text ? json_document_parse(&sandbox_type, text, strlen(text), (void **) ret, NULL) : -ENOENT;
}

int cri_container_record_of(const AppcPodApp *app, CriContainerRecord **ret)
{
        const char *text = strv_env_get(app->annotations, CRI_ANNOTATION);

        return text ? json_document_parse(&container_type, text, strlen(text), (void **) ret, NULL) : -ENOENT;
}
