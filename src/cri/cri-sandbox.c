/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/digest.h"
#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/compose/pod-make.h"
#include "cri/cri-answer.h"
#include "cri/cri-apps.h"
#include "cri/cri-find.h"
#include "cri/cri-method.h"
#include "cri/cri-network.h"
#include "cri/cri-sandbox-plan.h"
#include "pod/pod-change.h"
#include "pod/pod-gc.h"
#include "unit/unit-job.h"

/* Sandboxes: pods that containers are added to. */

/* Running */

/* The pods of the node's network itself, which writes the file, have the host's. */
static GrpcCode choose_network(Context *c, const Cri__PodSandboxConfig *config, char **ret, char **reterr_message)
{
        const Cri__LinuxSandboxSecurityContext *security =
                config && config->linux ? config->linux->security_context : NULL;
        const bool is_hosts = security && security->namespace_options &&
                              security->namespace_options->network == CRI__NAMESPACE_MODE__NODE;
        int r = is_hosts ? 0 : cri_network_choose(c, ret);

        if (r == -ENOENT)
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "there is no network yet in %s",
                                   CRI_CNI_DIRECTORY);
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

static bool is_same(const CriSandboxRecord *a, const CriSandboxRecord *b)
{
        return streq_ptr(a->name, b->name) && streq_ptr(a->namespace, b->namespace) && streq_ptr(a->uid, b->uid) &&
               a->attempt == b->attempt;
}

typedef struct Twin {
        const CriSandboxRecord *record;
        char **message;
} Twin;

static int refuse_twin(CriSandbox *s, void *userdata)
{
        const Twin *twin = userdata;

        if (!is_same(s->record, twin->record))
                return 0;
        *twin->message = strprintf("sandbox %s is attempt %u of that pod", s->pod->uuid.s, s->record->attempt);
        return -EEXIST;
}

/* A client that has lost our answer asks again: there must not be two. */
static int check_unique(Context *c, const CriSandboxRecord *record, char **reterr_message)
{
        return cri_sandbox_each(c, refuse_twin, &(Twin) { record, reterr_message });
}

/* Clients count on what they were told, also after a power cut. */
static int make_durable(Context *c, const Uuid *uuid)
{
        static const char *const files[] = { "pod", "settings", "pid", "." };
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r = context_pods(c, &pods);

        if (r >= 0)
                r = pod_open(pods, uuid, &pod);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(files); i++) {
                _cleanup_close_ int fd = openat(pod->fd, files[i], O_RDONLY | O_CLOEXEC);

                if (fd < 0 || fsync(fd) < 0)
                        r = -errno;
        }
        /* One that has ended meanwhile has nothing to be kept. */
        return r < 0 && r != -ENOENT ? log_error_errno(r, "Cannot write pod %s to the disk: %m", uuid->s) : 0;
}

/* Each attempt has a byte of it, which is locked as long as that attempt is being made. */
#define ATTEMPT_LOCKS_DIRECTORY "/run/podctl/cri"
#define ATTEMPT_LOCKS ATTEMPT_LOCKS_DIRECTORY "/attempts.lock"

/* Of two calls for the same, the other one waits, and then finds what the first has made. Two that share a byte by
 * chance wait for one another, too, which does no harm. */
static int attempt_lock(const CriSandboxRecord *record)
{
        _cleanup_free_ char *what = strprintf("%s\n%s\n%s\n%u", strempty(record->namespace), strempty(record->name),
                                              strempty(record->uid), record->attempt);
        Digest digest;
        int r = what ? digest_of_memory(DIGEST_SHA256, what, strlen(what), &digest) : -ENOMEM;

        if (r >= 0)
                r = mkdir_p_at(AT_FDCWD, ATTEMPT_LOCKS_DIRECTORY, 0700);
        if (r >= 0) {
                digest.hex[16] = '\0';
                r = lock_byte_at(AT_FDCWD, ATTEMPT_LOCKS, strtoull(digest.hex, NULL, 16));
        }
        return r < 0 ? log_error_errno(r, "Cannot lock the name of a sandbox: %m") : r;
}

static GrpcCode run_sandbox(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__RunPodSandboxRequest *asked = request;
        _cleanup_(cri_sandbox_plan_done) CriSandboxPlan plan = {};
        _cleanup_close_ int lock = -EBADF;
        Cri__RunPodSandboxResponse *answer = response;
        _cleanup_free_ char *network = NULL;
        GrpcCode code;
        int r;

        if (!isempty(asked->runtime_handler))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "there is no runtime handler '%s'",
                                   asked->runtime_handler);
        code = choose_network(c, asked->config, &network, reterr_message);
        if (code != GRPC_OK)
                return code;
        code = cri_sandbox_plan(asked->config, asked->runtime_handler, network, &plan, reterr_message);
        if (code != GRPC_OK)
                return code;
        r = lock = attempt_lock(plan.record);
        if (r >= 0)
                r = check_unique(c, plan.record, reterr_message);
        if (r < 0)
                return call_code_of(r);
        plan.args.uuid = &plan.uuid;
        r = run_new_pod(c, &plan.args);
        if (r != 0)
                return r < 0 ? call_code_of(r) : GRPC_UNKNOWN;
        r = make_durable(c, &plan.uuid);
        if (r < 0)
                return call_code_of(r);
        answer->pod_sandbox_id = call_text(plan.uuid.s);
        return GRPC_OK;
}

/* Ending */

/* How long to wait for what is cleaned up after a pod. */
#define ENDING_PATIENCE_USEC (60 * USEC_PER_SEC)

/* One whose start was cut off never ends, and has nothing to be kept. */
static int wait_until_over(Pod *pod)
{
        Patience patience = { .step_usec = 20000, .left_usec = ENDING_PATIENCE_USEC };
        int r;

        while ((r = pod_refresh(pod)) >= 0 && !pod_state_is_over(pod->state)) {
                if (!pod_state_has_run(pod->state) && (r = pod_remove(pod)) != POD_IN_USE)
                        break;
                if (!patience_wait(&patience, -EBADF))
                        return log_error_errno(ETIMEDOUT, "Pod %s does not end", pod->uuid.s);
        }
        return r == -ENOENT ? 0 : r;
}

static int stop_unit(Context *c, const Pod *pod)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *result = NULL;
        sd_bus *bus;
        int r = context_bus(c, &bus);

        if (r >= 0)
                r = unit_job_run(bus, "StopUnit", pod->settings->unit, &result, &error);
        if (r < 0 && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        return r < 0 ? log_error_errno(r, "Cannot stop unit %s: %s", pod->settings->unit, bus_error_text(&error, r))
                     : 0;
}

/* With its containers, which had their time before, if they were to have any. Its networks are gone afterwards. */
static int stop_sandbox(Context *c, Pod *pod)
{
        int r;

        if (pod_state_is_over(pod->state))
                return 0;
        if (pod->state == POD_RUNNING)
                cri_apps_kill(pod);
        r = pod->settings->unit ? stop_unit(c, pod) : 0;
        return r < 0 ? r : wait_until_over(pod);
}

/* One that is not there has been stopped. */
static GrpcCode stop(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__StopPodSandboxRequest *asked = request;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        int r = cri_sandbox_find(c, asked->pod_sandbox_id, &s);

        if (r >= 0)
                r = stop_sandbox(c, s.pod);
        return r < 0 && r != -ENOENT ? call_code_of(r) : GRPC_OK;
}

static int remove_pod(Pod *pod)
{
        Patience patience = { .step_usec = 10000, .left_usec = 5 * USEC_PER_SEC };
        _cleanup_close_ int lock = pod_change_lock(pod);
        int r;

        if (lock < 0)
                return lock == -ENOENT ? lock : log_error_errno(lock, "Cannot lock pod %s: %m", pod->uuid.s);
        while ((r = pod_remove(pod)) == POD_IN_USE)
                if (!patience_wait(&patience, -EBADF))
                        return log_error_errno(EBUSY, "Pod %s is in use", pod->uuid.s);
        return r;
}

static GrpcCode remove_sandbox(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__RemovePodSandboxRequest *asked = request;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        int r = cri_sandbox_find(c, asked->pod_sandbox_id, &s);

        if (r >= 0)
                r = stop_sandbox(c, s.pod);
        if (r >= 0)
                r = remove_pod(s.pod);
        return r < 0 && r != -ENOENT ? call_code_of(r) : GRPC_OK;
}

const CriMethod cri_sandbox_methods[] = {
        CRI_METHOD(RuntimeService, RunPodSandbox, run_pod_sandbox, run_sandbox),
        CRI_METHOD(RuntimeService, StopPodSandbox, stop_pod_sandbox, stop),
        CRI_METHOD(RuntimeService, RemovePodSandbox, remove_pod_sandbox, remove_sandbox),
        {},
};
