/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/number-set.h"
#include "basic/parse.h"
#include "cli/start/pod-json.h"
#include "cri/cri-answer.h"
#include "cri/cri-find.h"
#include "cri/cri-method.h"
#include "cri/cri-resources.h"
#include "pod/plan-isolators.h"
#include "pod/pod-prepare.h"
#include "unit/unit-property.h"

/* Limits that change while a container runs, and calls that need nothing of us. */

/* Far more than the kernel writes of sets of CPUs. */
#define SET_FILE_MAX (64 * 1024)

/* Files of a control group (cgroup-v2.rst), and the properties that systemd has of them. */
typedef struct UnifiedFile {
        const char *file, *property;
        uint64_t min, max;      /* what systemd takes of it */
        bool takes_max;         /* the word */
} UnifiedFile;

static const UnifiedFile unified_files[] = {
        { "cpu.weight", "CPUWeight", 1, 10000 },
        { "memory.min", "MemoryMin", 0, INT64_MAX, true },
        { "memory.low", "MemoryLow", 0, INT64_MAX, true },
        { "memory.high", "MemoryHigh", 1, INT64_MAX, true },
        { "memory.max", "MemoryMax", 1, INT64_MAX, true },
        { "memory.swap.max", "MemorySwapMax", 0, INT64_MAX, true },
        { "pids.max", "TasksMax", 1, INT64_MAX, true },
        { CRI_OOM_GROUP, NULL, 0, 1 }, /* OOMPolicy=, which the container has from its start on */
};

static const UnifiedFile *unified_of(const char *pair)
{
        for (size_t i = 0; i < ELEMENTSOF(unified_files); i++)
                if (strlen(unified_files[i].file) == strcspn(pair, "=") && startswith(pair, unified_files[i].file))
                        return &unified_files[i];
        return NULL;
}

int64_t cri_cpu_thousandths(const CriContainerRecord *r)
{
        return r->cpu_quota > 0 && r->cpu_period > 0
                       ? MAX(MIN(r->cpu_quota, INT64_MAX / 1000) * 1000 / r->cpu_period, INT64_C(1))
                       : 0;
}

/* 1024 shares are systemd's default weight of 100. */
static int add_cpu(const CriContainerRecord *from, char ***lines)
{
        int r = 0;

        if (cri_cpu_thousandths(from) > 0)
                r = plan_cpu_quota(cri_cpu_thousandths(from), lines);
        else if (from->cpu_quota < 0)
                r = strv_extend(lines, "CPUQuota=");
        if (r >= 0 && from->cpu_shares > 0)
                r = strv_extendf(lines, "CPUWeight=%lld",
                                 (long long) MIN(MAX(from->cpu_shares * 100 / 1024, INT64_C(1)), INT64_C(10000)));
        return r;
}

/* The client's limit of swap is that of both; in a control group of version 2, swap is counted by itself. */
static int add_swap(const CriContainerRecord *from, char ***lines)
{
        if (from->memory_swap == 0)
                return 0;
        return from->memory_swap < 0 ? strv_extend(lines, "MemorySwapMax=infinity")
                                     : strv_extendf(lines, "MemorySwapMax=%lld",
                                                    (long long) (from->memory_swap - from->memory));
}

/* What the app of a pod does not have in its manifest. */
static int add_others(const CriContainerRecord *from, char ***lines)
{
        int r = add_swap(from, lines);

        if (r >= 0 && from->cpus)
                r = strv_extendf(lines, "AllowedCPUs=%s", from->cpus);
        if (r >= 0 && from->memory_nodes)
                r = strv_extendf(lines, "AllowedMemoryNodes=%s", from->memory_nodes);
        STRV_FOREACH(pair, from->unified) {
                const UnifiedFile *file = unified_of(*pair);
                const char *value = strchr(*pair, '=') + 1;

                if (r >= 0 && file && file->property)
                        r = strv_extendf(lines, "%s=%s", file->property, streq(value, "max") ? "infinity" : value);
        }
        return r;
}

int cri_resources_properties(const CriContainerRecord *from, char ***ret)
{
        _cleanup_strv_free_ char **lines = new0(char *, 1);
        int r = lines ? add_cpu(from, &lines) : -ENOMEM;

        if (r >= 0 && from->memory > 0)
                r = strv_extendf(&lines, "MemoryMax=%lld", (long long) from->memory);
        else if (r >= 0 && from->memory < 0)
                r = strv_extend(&lines, "MemoryMax=infinity");
        if (r >= 0)
                r = add_others(from, &lines);
        if (r >= 0)
                *ret = TAKE_PTR(lines);
        return r;
}

static GrpcCode check_unified(const char *pair, char **reterr_message)
{
        const int n = (int) strcspn(pair, "=");
        const UnifiedFile *file = unified_of(pair);
        const char *value = pair + n + 1;
        uint64_t number;

        if (!file)
                return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "not supported: resources.unified '%.*s'", n,
                                   pair);
        if ((file->takes_max && streq(value, "max")) ||
            (parse_uint64(value, &number) >= 0 && number >= file->min && number <= file->max))
                return GRPC_OK;
        if (file->takes_max)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "resources.unified '%s' is a number from %"
                                   PRIu64 " on, or 'max', not '%s'", file->file, file->min, value);
        return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "resources.unified '%s' is a number from %" PRIu64
                           " to %" PRIu64 ", not '%s'", file->file, file->min, file->max, value);
}

/* 0 is what was not said. The kernel has a period of 1 ms to 1 s (sched-bwc.rst), a quota of 1 ms or more, and
 * /proc/PID/oom_score_adj. */
static GrpcCode check_numbers(const CriContainerRecord *r, char **reterr_message)
{
        const struct {
                const char *member;
                int64_t value, min, max;
                bool unlimited; /* -1 is no limit */
        } rows[] = {
                { "cpu_period", r->cpu_period, 1000, 1000000 },
                { "cpu_quota", r->cpu_quota, 1000, INT64_MAX, true },
                { "cpu_shares", r->cpu_shares, 0, INT64_MAX },
                { "memory_limit_in_bytes", r->memory, 0, INT64_MAX, true },
                { "memory_swap_limit_in_bytes", r->memory_swap, 0, INT64_MAX, true },
                { "oom_score_adj", r->oom_score_adj, -1000, 1000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const int64_t value = rows[i].value;

                if (value == 0 || (rows[i].unlimited && value == -1) || (value >= rows[i].min && value <= rows[i].max))
                        continue;
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s is a number from %" PRIi64 " to %" PRIi64
                                   "%s, not %" PRIi64, rows[i].member, rows[i].min, rows[i].max,
                                   rows[i].unlimited ? ", or -1" : "", value);
        }
        return GRPC_OK;
}

/* What is not there, the kernel refuses when the container starts, or runs it elsewhere. Without NUMA there is no file
 * of nodes. */
static GrpcCode check_there(const char *member, const char *value, const NumberSet *set, const char *file,
                            char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        NumberSet there;

        if (read_file_at(AT_FDCWD, file, SET_FILE_MAX, &text, NULL) < 0)
                return GRPC_OK;
        text[strcspn(text, "\n")] = 0;
        return number_set_parse(text, &there) < 0 || number_set_is_within(set, &there)
                       ? GRPC_OK
                       : call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s '%s': this host has %s only", member,
                                     value, text);
}

static GrpcCode check_sets(const CriContainerRecord *r, char **reterr_message)
{
        const struct {
                const char *member, *value, *file;
        } rows[] = {
                { "cpuset_cpus", r->cpus, "/sys/devices/system/cpu/present" },
                { "cpuset_mems", r->memory_nodes, "/sys/devices/system/node/online" },
        };
        GrpcCode code = GRPC_OK;

        for (size_t i = 0; code == GRPC_OK && i < ELEMENTSOF(rows); i++) {
                const char *value = rows[i].value;
                NumberSet set;
                int k = value ? number_set_parse(value, &set) : 0;

                if (k == -ENOMEM)
                        return GRPC_RESOURCE_EXHAUSTED;
                if (k < 0)
                        return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "%s is a list of numbers and ranges, "
                                           "as 0-3,5, not '%s'", rows[i].member, value);
                if (value)
                        code = check_there(rows[i].member, value, &set, rows[i].file, reterr_message);
        }
        return code;
}

GrpcCode cri_resources_check(const CriContainerRecord *r, char **reterr_message)
{
        GrpcCode code = check_numbers(r, reterr_message);

        if (code == GRPC_OK)
                code = check_sets(r, reterr_message);
        if (code != GRPC_OK)
                return code;
        if (r->memory_swap > 0 && r->memory <= 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "memory_swap_limit_in_bytes needs memory_limit_in_bytes");
        if (r->memory_swap > 0 && r->memory_swap < r->memory)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "memory_swap_limit_in_bytes %lld is less than memory_limit_in_bytes %lld; it is the "
                                   "limit of both together", (long long) r->memory_swap, (long long) r->memory);
        STRV_FOREACH(pair, r->unified)
                if (code == GRPC_OK)
                        code = check_unified(*pair, reterr_message);
        return code;
}

/* Until the container ends: a new attempt is a new container. */
static int set_properties(sd_bus *bus, const char *unit, char *const *lines, sd_bus_error *reterr_error)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        int r = bus_message_new(bus, &bus_systemd_manager, "SetUnitProperties", &m);

        if (r >= 0)
                r = sd_bus_message_append(m, "sb", unit, true);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "(sv)");
        STRV_FOREACH(line, lines)
                if (r >= 0)
                        r = unit_property_append(m, *line);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_call(bus, m, 0, reterr_error, NULL);
}

static int apply(AppChange *change, const char *app, char *const *lines)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *unit = strjoin(app, ".service");
        int r = !unit ? -ENOMEM : lines[0] ? set_properties(change->bus, unit, lines, &error) : 0;

        return r < 0 ? log_error_errno(r, "App '%s': %s", app, bus_error_text(&error, r)) : 0;
}

int cri_resources_bind(AppChange *change, const char *app, const CriContainerRecord *record)
{
        _cleanup_strv_free_ char **lines = new0(char *, 1);

        return !lines || add_others(record, &lines) < 0 ? log_oom() : apply(change, app, lines);
}

/* The container is told with its new limits, also by the next service. */
static int write_record(AppChange *change, const char *name, CriContainerRecord *record)
{
        AppcPod *manifest = change->pod->manifest;
        _cleanup_free_ char *text = NULL;
        int r = cri_container_record_format(record, &text);

        for (size_t i = 0; r >= 0 && i < manifest->n_apps; i++)
                if (streq(manifest->apps[i].name, name))
                        r = strv_env_set(&manifest->apps[i].annotations, CRI_ANNOTATION, text);
        if (r >= 0)
                r = pod_write_manifest(change->pod);
        return r < 0 ? log_error_errno(r, "Cannot write down the container: %m") : 0;
}

/* Adds to what the container has by now: another call may have changed it while this one waited for the lock. */
static GrpcCode merge_limits(const AppcPodApp *app, const Cri__LinuxContainerResources *asked,
                             CriContainerRecord **ret, char **reterr_message)
{
        _cleanup_(cri_container_record_freep) CriContainerRecord *record = NULL;
        int r = app ? cri_container_record_of(app, &record) : -ENOENT;
        GrpcCode code;

        if (r < 0)
                return call_code_of(r);
        r = cri_container_record_limits(asked, record);
        if (r == -EINVAL)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "resources.unified: a name has a '='");
        if (r < 0)
                return call_code_of(r);
        code = cri_resources_check(record, reterr_message);
        if (code == GRPC_OK)
                *ret = TAKE_PTR(record);
        return code;
}

static GrpcCode change_limits(Context *c, const CriContainer *found, const Cri__LinuxContainerResources *asked,
                              char **reterr_message)
{
        _cleanup_(cri_container_record_freep) CriContainerRecord *record = NULL;
        _cleanup_(app_change_done) AppChange change = APP_CHANGE_NONE;
        _cleanup_strv_free_ char **lines = NULL;
        GrpcCode code;
        int r = app_change_begin(c, found->pod->uuid.s, &change);

        if (r < 0)
                return call_code_of(r);
        code = merge_limits(appc_pod_find_app(change.pod->manifest, found->app->name), asked, &record,
                            reterr_message);
        if (code != GRPC_OK)
                return code;
        r = cri_resources_properties(record, &lines);
        if (r >= 0)
                r = apply(&change, found->app->name, lines);
        if (r >= 0)
                r = write_record(&change, found->app->name, record);
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

static GrpcCode update(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__UpdateContainerResourcesRequest *asked = request;
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, asked->container_id, &found, reterr_message);

        if (code != GRPC_OK)
                return code;
        if (streq(pod_app_state(found.pod, found.app->name), "exited"))
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "container '%s' has ended",
                                   asked->container_id);
        return asked->linux ? change_limits(c, &found, asked->linux, reterr_message) : GRPC_OK;
}

/* The kubelet has set the limits of the pod's slice itself, which its unit is in. */
static GrpcCode update_sandbox(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__UpdatePodSandboxResourcesRequest *asked = request;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};

        return cri_sandbox_ask(c, asked->pod_sandbox_id, &s, reterr_message);
}

/* The addresses of pods, which plugins of CNI find in their own configuration. */
static GrpcCode update_runtime(Context *c, const void *request, void *response, char **reterr_message)
{
        return GRPC_OK;
}

const CriMethod cri_resources_methods[] = {
        CRI_METHOD(RuntimeService, UpdateContainerResources, update_container_resources, update),
        CRI_METHOD(RuntimeService, UpdatePodSandboxResources, update_pod_sandbox_resources, update_sandbox),
        CRI_METHOD(RuntimeService, UpdateRuntimeConfig, update_runtime_config, update_runtime),
        {},
};
