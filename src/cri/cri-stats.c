/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/time-util.h"
#include "basic/tree-size.h"
#include "cli/start/pod-json.h"
#include "cri/cri-method.h"
#include "cri/cri-status.h"
#include "pod/pod-usage.h"

/* What sandboxes and containers use. A kubelet adds up the CPU time between two readings itself, and evicts by the
 * working set: the memory that the kernel could not simply take back. */

/* What of a group's memory.stat counts here (Linux, Documentation/admin-guide/cgroup-v2.rst). */
typedef struct MemoryStat {
        uint64_t anonymous, inactive_file, faults, major_faults;
} MemoryStat;

#define MEMORY_STAT_MAX 65536

static Cri__UInt64Value *number(uint64_t n)
{
        Cri__UInt64Value *to;

        if (n == USAGE_UNKNOWN)
                return NULL;
        to = call_new(&cri__uint64_value__descriptor);
        to->value = n;
        return to;
}

static Cri__CpuUsage *cpu_of(const Usage *usage, int64_t now)
{
        const uint64_t usec = usage->figures[USAGE_CPU];
        Cri__CpuUsage *to;

        if (usec == USAGE_UNKNOWN)
                return NULL;
        to = call_new(&cri__cpu_usage__descriptor);
        to->timestamp = now;
        to->usage_core_nano_seconds = number(usec * 1000);
        return to;
}

/* The group's directory; negative: it is gone. */
static void read_memory_stat(int group, MemoryStat *ret)
{
        struct {
                const char *name;
                uint64_t *to;
        } rows[] = {
                { "anon ", &ret->anonymous },
                { "inactive_file ", &ret->inactive_file },
                { "pgfault ", &ret->faults },
                { "pgmajfault ", &ret->major_faults },
        };
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                *rows[i].to = USAGE_UNKNOWN;
        if (group < 0 || read_file_at(group, "memory.stat", MEMORY_STAT_MAX, &text, NULL) < 0)
                return;
        for (char *cursor = text, *line; (line = strsep(&cursor, "\n"));)
                for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                        if (startswith(line, rows[i].name))
                                (void) parse_uint64(line + strlen(rows[i].name), rows[i].to);
}

/* NULL: nobody counts it here. Kubelets count on the working set where there is something. */
static Cri__MemoryUsage *memory_of(const Usage *usage, int group, int64_t now)
{
        const uint64_t used = usage->figures[USAGE_MEMORY], limit = usage->figures[USAGE_MEMORY_LIMIT];
        uint64_t working = used;
        Cri__MemoryUsage *to;
        MemoryStat stat;

        if (used == USAGE_UNKNOWN)
                return NULL;
        to = call_new(&cri__memory_usage__descriptor);
        read_memory_stat(group, &stat);
        if (stat.inactive_file != USAGE_UNKNOWN)
                working = used - MIN(used, stat.inactive_file);
        to->timestamp = now;
        to->usage_bytes = number(used);
        to->working_set_bytes = number(working);
        to->rss_bytes = number(stat.anonymous);
        to->page_faults = number(stat.faults);
        to->major_page_faults = number(stat.major_faults);
        if (limit != USAGE_UNKNOWN)
                to->available_bytes = number(limit - MIN(limit, working));
        return to;
}

/* Containers */

static Cri__ContainerAttributes *container_attributes(const CriContainerRecord *record)
{
        Cri__ContainerAttributes *to = call_new(&cri__container_attributes__descriptor);

        CRI_TELL(to, record->id, cri_container_metadata(record), record, container_attributes);
        return to;
}

/* What the container has written on top of its image. */
static Cri__FilesystemUsage *writable_layer(const Pod *pod, const char *app, int64_t now)
{
        Cri__FilesystemUsage *to = call_new(&cri__filesystem_usage__descriptor);
        _cleanup_free_ char *path = strjoin("apps/", app, "/upper"), *whole = pod_path(pod, NULL);
        uint64_t size = USAGE_UNKNOWN;

        if (path && tree_size_at(pod->fd, path, UINT64_MAX, &size) < 0)
                size = USAGE_UNKNOWN;
        to->timestamp = now;
        to->used_bytes = number(size);
        to->fs_id = call_new(&cri__filesystem_identifier__descriptor);
        to->fs_id->mountpoint = call_text(whole);
        return to;
}

static Cri__ContainerStats *stats_of(const Pod *pod, const AppcPodApp *app, const CriContainerRecord *record)
{
        _cleanup_close_ int group = pod_app_group_open(pod, app->name);
        Cri__ContainerStats *to = call_new(&cri__container_stats__descriptor);
        const int64_t now = (int64_t) now_nsec();
        Usage usage;

        usage_init(&usage);
        if (group >= 0)
                (void) usage_read_group(group, ".", &usage);
        to->attributes = container_attributes(record);
        to->cpu = cpu_of(&usage, now);
        to->memory = memory_of(&usage, group, now);
        to->writable_layer = writable_layer(pod, app->name, now);
        return to;
}

static bool is_wanted(const Pod *pod, const CriContainerRecord *record, const Cri__ContainerStatsFilter *filter)
{
        if (!filter)
                return true;
        return (isempty(filter->id) || startswith(record->id, filter->id)) &&
               (isempty(filter->pod_sandbox_id) || startswith(pod->uuid.s, filter->pod_sandbox_id)) &&
               cri_map_selects(filter->label_selector, filter->n_label_selector, record->labels);
}

/* Those of a sandbox that run. */
static void add_stats(const Pod *pod, const Cri__ContainerStatsFilter *filter, Cri__ContainerStats ***stats, size_t *n)
{
        for (size_t i = 0; pod->state == POD_RUNNING && i < pod->manifest->n_apps; i++) {
                const AppcPodApp *app = &pod->manifest->apps[i];
                _cleanup_(cri_container_record_freep) CriContainerRecord *record = NULL;

                if (cri_container_record_of(app, &record) >= 0 && is_wanted(pod, record, filter) &&
                    streq(pod_app_state(pod, app->name), "running"))
                        call_append(stats, n, stats_of(pod, app, record));
        }
}

static GrpcCode container_stats(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ContainerStatsRequest *asked = request;
        Cri__ContainerStatsResponse *answer = response;
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, asked->container_id, &found, reterr_message);

        if (code != GRPC_OK)
                return code;
        answer->stats = stats_of(found.pod, found.app, found.record);
        return GRPC_OK;
}

/* What is asked for, and where it goes. */
typedef struct Listing {
        const void *request;
        void *answer;
} Listing;

static int add_containers(CriSandbox *s, void *userdata)
{
        const Listing *l = userdata;
        const Cri__ListContainerStatsRequest *asked = l->request;
        Cri__ListContainerStatsResponse *to = l->answer;

        add_stats(s->pod, asked->filter, &to->stats, &to->n_stats);
        return 0;
}

static GrpcCode list_container_stats(Context *c, const void *request, void *response, char **reterr_message)
{
        return cri_sandbox_each(c, add_containers, &(Listing) { request, response }) < 0 ? GRPC_INTERNAL : GRPC_OK;
}

/* Sandboxes */

static Cri__PodSandboxAttributes *sandbox_attributes(const CriSandbox *s)
{
        Cri__PodSandboxAttributes *to = call_new(&cri__pod_sandbox_attributes__descriptor);

        CRI_TELL(to, s->pod->uuid.s, cri_sandbox_metadata(s->record), s->record, pod_sandbox_attributes);
        return to;
}

/* All its interfaces together. */
static Cri__NetworkUsage *network_of(const Usage *usage, int64_t now)
{
        Cri__NetworkUsage *to = call_new(&cri__network_usage__descriptor);
        Cri__NetworkInterfaceUsage *all = call_new(&cri__network_interface_usage__descriptor);

        to->timestamp = now;
        all->name = call_text("eth0");
        all->rx_bytes = number(usage->figures[USAGE_RECEIVED]);
        all->tx_bytes = number(usage->figures[USAGE_SENT]);
        to->default_interface = all;
        return to;
}

static Cri__PodSandboxStats *sandbox_stats_of(CriSandbox *s)
{
        _cleanup_(pod_usage_freep) PodUsage *usage = NULL;
        _cleanup_close_ int group = pod_group_open(s->pod);
        Cri__PodSandboxStats *to = call_new(&cri__pod_sandbox_stats__descriptor);
        const int64_t now = (int64_t) now_nsec();

        to->attributes = sandbox_attributes(s);
        if (pod_usage_read(s->pod, &usage) < 0)
                return to;
        to->linux = call_new(&cri__linux_pod_sandbox_stats__descriptor);
        to->linux->cpu = cpu_of(&usage->usage, now);
        to->linux->memory = memory_of(&usage->usage, group, now);
        to->linux->process = call_new(&cri__process_usage__descriptor);
        to->linux->process->timestamp = now;
        to->linux->process->process_count = number(usage->usage.figures[USAGE_TASKS]);
        if (s->record->network != CRI__NAMESPACE_MODE__NODE)
                to->linux->network = network_of(&usage->usage, now);
        add_stats(s->pod, NULL, &to->linux->containers, &to->linux->n_containers);
        return to;
}

static GrpcCode sandbox_stats(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__PodSandboxStatsRequest *asked = request;
        Cri__PodSandboxStatsResponse *answer = response;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        GrpcCode code = cri_sandbox_ask(c, asked->pod_sandbox_id, &s, reterr_message);

        if (code != GRPC_OK)
                return code;
        answer->stats = sandbox_stats_of(&s);
        return GRPC_OK;
}

static int add_sandbox(CriSandbox *s, void *userdata)
{
        const Listing *l = userdata;
        const Cri__PodSandboxStatsFilter *filter = ((const Cri__ListPodSandboxStatsRequest *) l->request)->filter;
        Cri__ListPodSandboxStatsResponse *to = l->answer;

        if (s->pod->state == POD_RUNNING &&
            (!filter || ((isempty(filter->id) || startswith(s->pod->uuid.s, filter->id)) &&
                         cri_map_selects(filter->label_selector, filter->n_label_selector, s->record->labels))))
                call_append(&to->stats, &to->n_stats, sandbox_stats_of(s));
        return 0;
}

static GrpcCode list_sandbox_stats(Context *c, const void *request, void *response, char **reterr_message)
{
        return cri_sandbox_each(c, add_sandbox, &(Listing) { request, response }) < 0 ? GRPC_INTERNAL : GRPC_OK;
}

const CriMethod cri_stats_methods[] = {
        CRI_METHOD(RuntimeService, ContainerStats, container_stats, container_stats),
        CRI_METHOD(RuntimeService, ListContainerStats, list_container_stats, list_container_stats),
        CRI_PIECES(RuntimeService, StreamContainerStats, list_container_stats, stream_container_stats,
                   list_container_stats),
        CRI_METHOD(RuntimeService, PodSandboxStats, pod_sandbox_stats, sandbox_stats),
        CRI_METHOD(RuntimeService, ListPodSandboxStats, list_pod_sandbox_stats, list_sandbox_stats),
        CRI_PIECES(RuntimeService, StreamPodSandboxStats, list_pod_sandbox_stats, stream_pod_sandbox_stats,
                   list_sandbox_stats),
        {},
};
