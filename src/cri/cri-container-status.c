/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "cli/start/app-user.h"
#include "cli/start/pod-json.h"
#include "cri/cri-method.h"
#include "cri/cri-status.h"
#include "pod/pod-change.h"

/* What is known of containers. */

/* Of one that was cut off with its pod: nobody has seen how it ended. */
#define EXIT_CODE_UNKNOWN 255
/* Of one that could not be started, as containerd has it. */
#define EXIT_CODE_START 128

Cri__ContainerState cri_container_state(const Pod *pod, const char *app)
{
        const char *state = pod_app_state(pod, app);

        if (pod_state_is_over(pod->state) || streq(state, "exited"))
                return CRI__CONTAINER_STATE__CONTAINER_EXITED;
        /* What has not started, whether or not it will, was only created. */
        return streq(state, "created") || (streq(state, "running") && pod_app_is_starting(pod, app))
                       ? CRI__CONTAINER_STATE__CONTAINER_CREATED
               : streq(state, "running") ? CRI__CONTAINER_STATE__CONTAINER_RUNNING
                                         : CRI__CONTAINER_STATE__CONTAINER_UNKNOWN;
}

Cri__ContainerMetadata *cri_container_metadata(const CriContainerRecord *record)
{
        Cri__ContainerMetadata *to = call_new(&cri__container_metadata__descriptor);

        to->name = call_text(record->name);
        to->attempt = record->attempt;
        return to;
}

static Cri__ImageSpec *image_of(const CriContainerRecord *record)
{
        Cri__ImageSpec *to = call_new(&cri__image_spec__descriptor);

        to->image = call_text(record->image);
        return to;
}

/* Listing */

static Cri__Container *describe(const Pod *pod, const AppcPodApp *app, const CriContainerRecord *record)
{
        Cri__Container *to = call_new(&cri__container__descriptor);

        CRI_TELL(to, record->id, cri_container_metadata(record), record, container);
        to->pod_sandbox_id = call_text(pod->uuid.s);
        to->image = image_of(record);
        to->image_ref = call_text(record->image_id);
        to->image_id = call_text(record->image_id);
        to->state = cri_container_state(pod, app->name);
        to->created_at = (int64_t) pod_app_created_time(pod, app->name);
        return to;
}

static bool is_wanted(const Pod *pod, const AppcPodApp *app, const CriContainerRecord *record,
                      const Cri__ContainerFilter *filter)
{
        if (!filter)
                return true;
        return (isempty(filter->id) || startswith(record->id, filter->id)) &&
               (isempty(filter->pod_sandbox_id) || startswith(pod->uuid.s, filter->pod_sandbox_id)) &&
               (!filter->state || filter->state->state == cri_container_state(pod, app->name)) &&
               cri_map_selects(filter->label_selector, filter->n_label_selector, record->labels);
}

typedef struct Listing {
        const Cri__ContainerFilter *filter;
        Cri__ListContainersResponse *answer;
} Listing;

static int list_those_of(CriSandbox *s, void *userdata)
{
        const Listing *l = userdata;

        for (size_t i = 0; i < s->pod->manifest->n_apps; i++) {
                const AppcPodApp *app = &s->pod->manifest->apps[i];
                _cleanup_(cri_container_record_freep) CriContainerRecord *record = NULL;

                if (cri_container_record_of(app, &record) >= 0 && is_wanted(s->pod, app, record, l->filter))
                        call_append(&l->answer->containers, &l->answer->n_containers, describe(s->pod, app, record));
        }
        return 0;
}

static GrpcCode list(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ListContainersRequest *asked = request;
        Listing listing = { asked->filter, response };

        return cri_sandbox_each(c, list_those_of, &listing) < 0 ? GRPC_INTERNAL : GRPC_OK;
}

/* One of them */

/* By its ID, the kubelet knows that the image is used. */
static Cri__ImageSpec *image_of_mount(const CriMountRecord *from)
{
        Cri__ImageSpec *to = call_new(&cri__image_spec__descriptor);

        to->image = call_text(from->image);
        to->image_ref = call_text(from->image_id);
        return to;
}

static void add_mounts(const CriContainerRecord *record, Cri__ContainerStatus *to)
{
        for (size_t i = 0; i < record->n_mounts; i++) {
                const CriMountRecord *from = &record->mounts[i];
                Cri__Mount *m = call_new(&cri__mount__descriptor);

                m->container_path = call_text(from->container_path);
                m->host_path = call_text(from->host_path);
                m->readonly = from->read_only;
                m->recursive_read_only = from->recursive_read_only;
                m->propagation = from->propagation;
                m->image = from->image_id ? image_of_mount(from) : NULL;
                m->image_sub_path = call_text(from->image_sub_path);
                call_append(&to->mounts, &to->n_mounts, m);
        }
}

static Cri__ContainerResources *resources_of(const CriContainerRecord *record)
{
        Cri__ContainerResources *to = call_new(&cri__container_resources__descriptor);

        to->linux = call_new(&cri__linux_container_resources__descriptor);
        to->linux->cpu_period = record->cpu_period;
        to->linux->cpu_quota = record->cpu_quota;
        to->linux->cpu_shares = record->cpu_shares;
        to->linux->memory_limit_in_bytes = record->memory;
        to->linux->memory_swap_limit_in_bytes = record->memory_swap;
        to->linux->oom_score_adj = record->oom_score_adj;
        to->linux->cpuset_cpus = call_text(record->cpus);
        to->linux->cpuset_mems = call_text(record->memory_nodes);
        cri_map_write(record->unified, &cri__linux_container_resources__unified_entry__descriptor, &to->linux->unified,
                      &to->linux->n_unified);
        return to;
}

/* "SIGRTMIN+1" is "SIGNAL_SIGRTMINPLUS1". */
static Cri__Signal signal_of(const char *name)
{
        const char *sign = name ? strpbrk(name, "+-") : NULL;
        const ProtobufCEnumValue *value;
        _cleanup_free_ char *own = NULL;

        if (!name)
                return CRI__SIGNAL__SIGNAL_RUNTIME_DEFAULT;
        own = sign ? strprintf("SIGNAL_%.*s%s%s", (int) (sign - name), name, *sign == '+' ? "PLUS" : "MINUS", sign + 1)
                   : strjoin("SIGNAL_", name);
        value = own ? protobuf_c_enum_descriptor_get_value_by_name(&cri__signal__descriptor, own) : NULL;
        return value ? (Cri__Signal) value->value : CRI__SIGNAL__SIGNAL_RUNTIME_DEFAULT;
}

static const char *reason_of(const Pod *pod, const char *app, int status)
{
        if (pod_app_was_out_of_memory(pod, app))
                return "OOMKilled";
        return status == 0 ? "Completed" : "Error";
}

/* How it ended, where it has; what did not start has no time for that. */
static void add_end(const Pod *pod, const char *app, Cri__ContainerStatus *to)
{
        _cleanup_free_ char *failure = NULL;
        uint64_t finished = 0;
        int status;

        if (to->state != CRI__CONTAINER_STATE__CONTAINER_EXITED)
                return;
        if (pod_app_exit_status(pod, app, &status, &finished) < 0) {
                status = EXIT_CODE_UNKNOWN;
                finished = pod_exited_time(pod);
        }
        if (pod_app_start_failure(pod, app, &failure) >= 0) {
                status = EXIT_CODE_START;
                to->started_at = 0;
                to->message = call_text(failure);
        }
        to->exit_code = status;
        to->finished_at = (int64_t) finished;
        to->reason = call_text(failure ? "StartError" : reason_of(pod, app, status));
}

/* With its own group, which is one of those that a process has. */
static Cri__ContainerUser *user_of(Pod *pod, const char *app)
{
        _cleanup_(app_identity_done) AppIdentity identity = {};
        Cri__ContainerUser *to;

        if (app_user_find(pod, app, &identity) < 0)
                return NULL;
        to = call_new(&cri__container_user__descriptor);
        to->linux = call_new(&cri__linux_container_user__descriptor);
        to->linux->uid = identity.uid;
        to->linux->gid = identity.gid;
        to->linux->supplemental_groups = cri_numbers(identity.n_groups + 1);
        to->linux->supplemental_groups[to->linux->n_supplemental_groups++] = identity.gid;
        for (size_t i = 0; i < identity.n_groups; i++)
                if (identity.groups[i] != identity.gid)
                        to->linux->supplemental_groups[to->linux->n_supplemental_groups++] = identity.groups[i];
        return to;
}

Cri__ContainerStatus *cri_container_status(Pod *pod, const AppcPodApp *app, const CriContainerRecord *record)
{
        Cri__ContainerStatus *to = call_new(&cri__container_status__descriptor);

        CRI_TELL(to, record->id, cri_container_metadata(record), record, container_status);
        to->state = cri_container_state(pod, app->name);
        to->created_at = (int64_t) pod_app_created_time(pod, app->name);
        if (to->state != CRI__CONTAINER_STATE__CONTAINER_CREATED)
                to->started_at = (int64_t) pod_app_started_time(pod, app->name);
        add_end(pod, app->name, to);
        to->image = image_of(record);
        to->image_ref = call_text(record->image_reference ?: record->image_id);
        to->image_id = call_text(record->image_id);
        to->log_path = call_text(record->log_path);
        to->resources = resources_of(record);
        to->user = user_of(pod, app->name);
        to->stop_signal = signal_of(record->stop_signal);
        add_mounts(record, to);
        return to;
}

void cri_container_statuses(const CriSandbox *s, Cri__ContainerStatus ***list, size_t *n)
{
        for (size_t i = 0; i < s->pod->manifest->n_apps; i++) {
                const AppcPodApp *app = &s->pod->manifest->apps[i];
                _cleanup_(cri_container_record_freep) CriContainerRecord *record = NULL;

                if (cri_container_record_of(app, &record) >= 0)
                        call_append(list, n, cri_container_status(s->pod, app, record));
        }
}

static GrpcCode status(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ContainerStatusRequest *asked = request;
        Cri__ContainerStatusResponse *answer = response;
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, asked->container_id, &found, reterr_message);

        if (code != GRPC_OK)
                return code;
        answer->status = cri_container_status(found.pod, found.app, found.record);
        return GRPC_OK;
}

const CriMethod cri_container_status_methods[] = {
        CRI_METHOD(RuntimeService, ListContainers, list_containers, list),
        CRI_PIECES(RuntimeService, StreamContainers, list_containers, stream_containers, list),
        CRI_METHOD(RuntimeService, ContainerStatus, container_status, status),
        {},
};
