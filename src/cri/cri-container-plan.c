/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "basic/utf8.h"
#include "cri/cri-answer.h"
#include "cri/cri-container-plan.h"
#include "cri/cri-find.h"
#include "cri/cri-resources.h"
#include "cri/cri-sandbox-plan.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"

/* How long an app has to end where nobody says it: when the host goes down. Kubernetes' own default. */
#define STOP_TIMEOUT "30s"
#define SHARES_MIN 2
#define SHARES_MAX 262144

void cri_container_plan_done(CriContainerPlan *p)
{
        RunApp *run = &p->run;
        AppOptions *o = &run->options;
        char **const texts[] = { &run->image, &run->name, &run->pids, &run->stdio[0], &run->stdio[1], &run->stdio[2],
                                 &o->exec, &o->user, &o->group, &o->working_dir, &o->memory, &o->cpu, &o->cpu_shares,
                                 &o->oom_score_adj, &o->apparmor, &o->selinux, &o->seccomp, &o->stop_signal,
                                 &o->stop_timeout };
        char ***const lists[] = { &run->devices, &run->annotations, &o->arguments, &o->supplementary_gids,
                                  &o->environment, &o->caps_retain, &o->caps_remove };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                free(*texts[i]);
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                strv_free(*lists[i]);
        for (size_t i = 0; i < p->n_mounts; i++)
                mount_done(&p->mounts[i]);
        free(p->mounts);
        cri_container_record_free(p->record);
        *p = (CriContainerPlan) {};
}

/* "SIGNAL_SIGRTMINPLUS1" is "SIGRTMIN+1". */
char *cri_signal_name(Cri__Signal signal)
{
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(&cri__signal__descriptor, (int) signal);
        const char *name = value ? startswith(value->name, "SIGNAL_") : NULL, *number;

        if (signal == CRI__SIGNAL__SIGNAL_RUNTIME_DEFAULT || !name)
                return NULL;
        if ((number = startswith(name, "SIGRTMINPLUS")))
                return strjoin("SIGRTMIN+", number);
        if ((number = startswith(name, "SIGRTMAXMINUS")))
                return strjoin("SIGRTMAX-", number);
        return strdup(name);
}

/* Of the container's name, and that of its attempt after the first. */
static int set_name(const Cri__ContainerMetadata *metadata, RunApp *run)
{
        _cleanup_free_ char *name = NULL;
        int r = ac_name_from_image_name(metadata->name, &name);

        if (r < 0)
                return r;
        run->name = metadata->attempt > 0 ? strprintf("%s-%u", name, metadata->attempt) : strdup(name);
        return run->name ? 0 : -ENOMEM;
}

/* A command takes the place of the image's entry point and of its arguments, and arguments that of the latter. */
static int set_command(const Cri__ContainerConfig *config, AppOptions *o)
{
        int r = config->n_command > 0 ? free_and_strdup(&o->exec, config->command[0]) : 0;

        for (size_t i = 1; r >= 0 && i < config->n_command; i++)
                r = strv_extend(&o->arguments, config->command[i]);
        for (size_t i = 0; r >= 0 && i < config->n_args; i++)
                r = strv_extend(&o->arguments, config->args[i]);
        return r;
}

/* With $HOSTNAME, as of other runtimes, unless the container has one of its own. */
static int set_environment(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, AppOptions *o)
{
        int r = sandbox->hostname ? strv_env_set(&o->environment, "HOSTNAME", sandbox->hostname) : 0;

        for (size_t i = 0; r >= 0 && i < config->n_envs; i++) {
                const ProtobufCBinaryData *value = &config->envs[i]->value;
                _cleanup_free_ char *text = string_from_bytes((const char *) value->data, value->len);

                if (isempty(config->envs[i]->key) || strchr(config->envs[i]->key, '='))
                        return -EINVAL;
                r = text ? strv_env_set(&o->environment, config->envs[i]->key, text) : -ENOMEM;
        }
        return r;
}

/* Where clients may attach, as with a kubelet's stdin and tty. */
static int set_streams(const Cri__ContainerConfig *config, RunApp *run)
{
        const char *word = config->tty ? "tty" : "stream";

        for (size_t i = 0; i < ELEMENTSOF(run->stdio); i++) {
                if (i == 0 && !config->tty && !config->stdin)
                        continue;
                run->stdio[i] = strdup(word);
                if (!run->stdio[i])
                        return -ENOMEM;
        }
        return 0;
}

/* Others are set when the container starts: cri-resources.h. */
static int set_resources(const CriContainerRecord *from, RunApp *run)
{
        AppOptions *o = &run->options;
        const struct {
                bool said;
                int64_t value;
                const char *suffix;
                char **to;
        } rows[] = {
                { from->memory > 0, from->memory, "", &o->memory },
                { cri_cpu_thousandths(from) > 0, cri_cpu_thousandths(from), "m", &o->cpu },
                { from->cpu_shares > 0, MIN(MAX(from->cpu_shares, SHARES_MIN), SHARES_MAX), "", &o->cpu_shares },
                { from->oom_score_adj != 0, from->oom_score_adj, "", &o->oom_score_adj },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].said &&
                    !(*rows[i].to = strprintf("%lld%s", (long long) rows[i].value, rows[i].suffix)))
                        return -ENOMEM;
        return streq_ptr(strv_env_get(from->unified, CRI_OOM_GROUP), "1")
                       ? strv_extend(&run->annotations, APPC_ANNOTATION_OOM_GROUP "=true")
                       : 0;
}

/* In podctl's order; clients have any. */
static void order_access(const char *said, char ret[static 4])
{
        for (const char *letter = "rwm"; *letter; letter++)
                if (isempty(said) || strchr(said, *letter))
                        *ret++ = *letter;
        *ret = 0;
}

static int set_devices(const Cri__ContainerConfig *config, RunApp *run)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < config->n_devices; i++) {
                const Cri__Device *d = config->devices[i];
                char access[4];

                order_access(d->permissions, access);
                r = strv_extendf(&run->devices, "%s:%s:%s", d->host_path, d->container_path, access);
        }
        return r;
}

static const Cri__NamespaceOption *namespaces_of(const Cri__ContainerConfig *config)
{
        return config->linux && config->linux->security_context ? config->linux->security_context->namespace_options
                                                                : NULL;
}

const char *cri_container_target(const Cri__ContainerConfig *config)
{
        const Cri__NamespaceOption *namespaces = config ? namespaces_of(config) : NULL;

        return namespaces && namespaces->pid == CRI__NAMESPACE_MODE__TARGET ? namespaces->target_id : NULL;
}

static int set_pids(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, const char *target,
                    RunApp *run)
{
        const Cri__NamespaceOption *namespaces = namespaces_of(config);
        const uint32_t mode = namespaces ? namespaces->pid : sandbox->pids;

        run->pids = target ? strjoin(APPC_PIDS_OF, target)
                           : strdup(mode == CRI__NAMESPACE_MODE__POD ? "shared" : "private");
        return run->pids ? 0 : -ENOMEM;
}

static int set_log(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, CriContainerPlan *p)
{
        if (isempty(config->log_path) || isempty(sandbox->log_directory))
                return 0;
        p->record->log_path = strjoin(sandbox->log_directory, "/", config->log_path);
        return p->record->log_path
                       ? strv_extendf(&p->run.annotations, APPC_ANNOTATION_LOG_FILE "=%s", p->record->log_path)
                       : -ENOMEM;
}

static int fill_in(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, const char *target,
                   CriContainerPlan *p)
{
        RunApp *run = &p->run;
        AppOptions *o = &run->options;
        int r = set_name(config->metadata, run);

        if (r >= 0)
                r = set_command(config, o);
        if (r >= 0)
                r = set_environment(config, sandbox, o);
        if (r >= 0)
                r = set_streams(config, run);
        if (r >= 0 && !isempty(config->working_dir))
                r = free_and_strdup(&o->working_dir, config->working_dir);
        if (r >= 0)
                r = set_resources(p->record, run);
        if (r >= 0)
                r = set_devices(config, run);
        if (r >= 0)
                r = set_pids(config, sandbox, target, run);
        if (r >= 0)
                r = set_log(config, sandbox, p);
        if (r >= 0)
                r = free_and_strdup(&o->stop_timeout, STOP_TIMEOUT);
        o->stop_signal = cri_signal_name(config->stop_signal);
        return r < 0 ? r : free_and_strdup(&p->record->stop_signal, o->stop_signal);
}

/* Values may be any bytes for a kubelet, such as those of a Secret; but pods are described in JSON, and no variable
 * has a NUL. */
static GrpcCode check_environment(const Cri__ContainerConfig *config, char **reterr_message)
{
        for (size_t i = 0; i < config->n_envs; i++) {
                const ProtobufCBinaryData *value = &config->envs[i]->value;
                _cleanup_free_ char *text = string_from_bytes((const char *) value->data, value->len);

                if (!text)
                        return GRPC_RESOURCE_EXHAUSTED;
                if (strlen(text) != value->len || !utf8_is_valid(text))
                        return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                           "the value of variable '%s' has bytes that are not text in UTF-8; mount it "
                                           "as a file", config->envs[i]->key);
        }
        return GRPC_OK;
}

static bool is_device_path(const char *path)
{
        return path_is_absolute(strempty(path)) && !strchr(path, ':');
}

static GrpcCode check_devices(const Cri__ContainerConfig *config, char **reterr_message)
{
        for (size_t i = 0; i < config->n_devices; i++) {
                const Cri__Device *d = config->devices[i];

                if (!is_device_path(d->host_path) || !is_device_path(d->container_path))
                        return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                           "devices: '%s' at '%s': both are absolute paths without ':'",
                                           strempty(d->host_path), strempty(d->container_path));
                if (d->permissions[strspn(d->permissions, "rwm")])
                        return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                           "devices: permissions of '%s' are letters of 'rwm', not '%s'", d->host_path,
                                           d->permissions);
        }
        return GRPC_OK;
}

/* It is below the sandbox's log_directory. */
static GrpcCode check_log_path(const Cri__ContainerConfig *config, char **reterr_message)
{
        return isempty(config->log_path) || path_is_below(config->log_path)
                       ? GRPC_OK
                       : call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                     "log_path '%s' is not a path below log_directory", config->log_path);
}

static GrpcCode check(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, char **reterr_message)
{
        GrpcCode code;

        if (!config || !config->metadata || isempty(config->metadata->name))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "config.metadata.name is missing");
        if (!config->image || isempty(config->image->image))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "config.image is missing");
        if (config->n_command > 0 && isempty(config->command[0]))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "config.command begins with ''");
        if (!isempty(config->working_dir) && !path_is_absolute(config->working_dir))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "working_dir '%s' is not an absolute path",
                                   config->working_dir);
        if (namespaces_of(config) && namespaces_of(config)->pid == CRI__NAMESPACE_MODE__NODE)
                return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "not supported: " CRI_NO_HOST_PIDS);
        code = check_environment(config, reterr_message);
        if (code == GRPC_OK)
                code = check_devices(config, reterr_message);
        return code == GRPC_OK ? check_log_path(config, reterr_message) : code;
}

GrpcCode cri_container_plan(const Cri__ContainerConfig *config, const CriSandboxRecord *sandbox, const Uuid *pod,
                            const char *target, CriContainerPlan *ret, char **reterr_message)
{
        CriContainerPlan p = {};
        GrpcCode code = check(config, sandbox, reterr_message);
        int r;

        if (code != GRPC_OK)
                return code;
        r = cri_container_record_new(config, &p.record);
        if (r >= 0 && !(p.record->id = cri_container_new_id(pod)))
                r = -ENOMEM;
        if (r >= 0)
                r = fill_in(config, sandbox, target, &p);
        if (r == -EINVAL)
                code = call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "the name of the container, of a variable, a label or an annotation is "
                                   "not valid");
        else if (r < 0)
                code = GRPC_RESOURCE_EXHAUSTED;
        if (code == GRPC_OK)
                code = cri_resources_check(p.record, reterr_message);
        if (code == GRPC_OK)
                code = cri_container_mounts(config, &p, reterr_message);
        if (code == GRPC_OK)
                code = cri_container_security(config->linux ? config->linux->security_context : NULL, sandbox, &p,
                                              reterr_message);
        if (code == GRPC_OK)
                *ret = p;
        else
                cri_container_plan_done(&p);
        return code;
}
