/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "cli/start/pod-networks.h"
#include "cri/cri-method.h"
#include "cri/cri-status.h"
#include "pod/plan.h"

/* What is known of sandboxes. */

Cri__PodSandboxMetadata *cri_sandbox_metadata(const CriSandboxRecord *record)
{
        Cri__PodSandboxMetadata *to = call_new(&cri__pod_sandbox_metadata__descriptor);

        to->name = call_text(record->name);
        to->uid = call_text(record->uid);
        to->namespace_ = call_text(record->namespace);
        to->attempt = record->attempt;
        return to;
}

static Cri__PodSandboxState state_of(const Pod *pod)
{
        return pod->state == POD_RUNNING ? CRI__POD_SANDBOX_STATE__SANDBOX_READY
                                         : CRI__POD_SANDBOX_STATE__SANDBOX_NOTREADY;
}

static Cri__PodSandbox *describe(const CriSandbox *s)
{
        Cri__PodSandbox *to = call_new(&cri__pod_sandbox__descriptor);

        CRI_TELL(to, s->pod->uuid.s, cri_sandbox_metadata(s->record), s->record, pod_sandbox);
        to->state = state_of(s->pod);
        to->created_at = (int64_t) pod_created_time(s->pod);
        to->runtime_handler = call_text(s->record->handler);
        return to;
}

static bool is_wanted(const CriSandbox *s, const Cri__PodSandboxFilter *filter)
{
        if (!filter)
                return true;
        return (isempty(filter->id) || startswith(s->pod->uuid.s, filter->id)) &&
               (!filter->state || filter->state->state == state_of(s->pod)) &&
               cri_map_selects(filter->label_selector, filter->n_label_selector, s->record->labels);
}

typedef struct Listing {
        const Cri__PodSandboxFilter *filter;
        Cri__ListPodSandboxResponse *answer;
} Listing;

static int list_one(CriSandbox *s, void *userdata)
{
        const Listing *l = userdata;

        if (is_wanted(s, l->filter))
                call_append(&l->answer->items, &l->answer->n_items, describe(s));
        return 0;
}

static GrpcCode list(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ListPodSandboxRequest *asked = request;

        return cri_sandbox_each(c, list_one, &(Listing) { asked->filter, response }) < 0 ? GRPC_INTERNAL : GRPC_OK;
}

/* The first address, and all others. */
static Cri__PodSandboxNetworkStatus *network_of(const CriSandbox *s)
{
        Cri__PodSandboxNetworkStatus *to = call_new(&cri__pod_sandbox_network_status__descriptor);
        _cleanup_free_ char *text = pod_addresses_text(s->pod);
        _cleanup_strv_free_ char **addresses = NULL;

        if (!text || strv_split(text, ' ', &addresses) < 0)
                return to;
        STRV_FOREACH(address, addresses) {
                Cri__PodIP *ip;

                if (!**address)
                        continue;
                if (isempty(to->ip)) {
                        to->ip = call_text(*address);
                        continue;
                }
                ip = call_new(&cri__pod_ip__descriptor);
                ip->ip = call_text(*address);
                call_append(&to->additional_ips, &to->n_additional_ips, ip);
        }
        return to;
}

static Cri__IDMapping *mapping_of(uint32_t base)
{
        Cri__IDMapping *to = call_new(&cri__idmapping__descriptor);

        to->host_id = base;
        to->length = POD_UID_COUNT;
        return to;
}

static Cri__UserNamespace *users_of(const CriSandboxRecord *record)
{
        Cri__UserNamespace *to = call_new(&cri__user_namespace__descriptor);

        to->mode = record->uid_base > 0 ? CRI__NAMESPACE_MODE__POD : CRI__NAMESPACE_MODE__NODE;
        if (record->uid_base > 0) {
                call_append(&to->uids, &to->n_uids, mapping_of(record->uid_base));
                call_append(&to->gids, &to->n_gids, mapping_of(record->uid_base));
        }
        return to;
}

static Cri__LinuxPodSandboxStatus *namespaces_of(const CriSandboxRecord *record)
{
        Cri__LinuxPodSandboxStatus *to = call_new(&cri__linux_pod_sandbox_status__descriptor);

        to->namespaces = call_new(&cri__namespace__descriptor);
        to->namespaces->options = call_new(&cri__namespace_option__descriptor);
        to->namespaces->options->network = record->network;
        to->namespaces->options->pid = record->pids;
        to->namespaces->options->ipc = record->ipc;
        to->namespaces->options->userns_options = users_of(record);
        return to;
}

Cri__PodSandboxStatus *cri_sandbox_status(const CriSandbox *s)
{
        Cri__PodSandboxStatus *to = call_new(&cri__pod_sandbox_status__descriptor);

        CRI_TELL(to, s->pod->uuid.s, cri_sandbox_metadata(s->record), s->record, pod_sandbox_status);
        to->state = state_of(s->pod);
        to->created_at = (int64_t) pod_created_time(s->pod);
        to->runtime_handler = call_text(s->record->handler);
        if (s->pod->state == POD_RUNNING && s->record->network != CRI__NAMESPACE_MODE__NODE)
                to->network = network_of(s);
        to->linux = namespaces_of(s->record);
        return to;
}

static GrpcCode status(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__PodSandboxStatusRequest *asked = request;
        Cri__PodSandboxStatusResponse *answer = response;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        GrpcCode code = cri_sandbox_ask(c, asked->pod_sandbox_id, &s, reterr_message);

        if (code != GRPC_OK)
                return code;
        /* A kubelet that follows events takes the containers from here, and compares the time with that of events: what
         * happens while the answer is made is newer. */
        answer->timestamp = (int64_t) now_nsec();
        answer->status = cri_sandbox_status(&s);
        cri_container_statuses(&s, &answer->containers_statuses, &answer->n_containers_statuses);
        return GRPC_OK;
}

const CriMethod cri_sandbox_status_methods[] = {
        CRI_METHOD(RuntimeService, PodSandboxStatus, pod_sandbox_status, status),
        CRI_METHOD(RuntimeService, ListPodSandbox, list_pod_sandbox, list),
        CRI_PIECES(RuntimeService, StreamPodSandboxes, list_pod_sandbox, stream_pod_sandboxes, list),
        {},
};
