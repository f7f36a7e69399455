/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/signal-util.h"
#include "basic/time-util.h"
#include "cli/compose/run-compose.h"
#include "cli/start/app-change.h"
#include "cli/start/pod-json.h"
#include "cri/cri-answer.h"
#include "cri/cri-apps.h"
#include "cri/cri-cdi.h"
#include "cri/cri-container-plan.h"
#include "cri/cri-find.h"
#include "cri/cri-images.h"
#include "cri/cri-method.h"
#include "cri/cri-resources.h"
#include "logs/log-file.h"
#include "pod/pod-change.h"
#include "pod/pod-log-file.h"
#include "shared/explain.h"

/* Containers: apps that are added to the pod of a sandbox. */

/* Creating */

/* A client that has lost our answer asks again: there must not be two. */
static GrpcCode check_unique(const Pod *pod, const CriContainerRecord *record, char **reterr_message)
{
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                _cleanup_(cri_container_record_freep) CriContainerRecord *other = NULL;

                if (cri_container_record_of(&pod->manifest->apps[i], &other) >= 0 &&
                    streq_ptr(other->name, record->name) && other->attempt == record->attempt)
                        return call_refuse(GRPC_ALREADY_EXISTS, reterr_message,
                                           "container %s is attempt %u of '%s' in this sandbox", other->id,
                                           record->attempt, strempty(record->name));
        }
        return GRPC_OK;
}

/* "a-1" may be the second attempt of "a". */
static int choose_free_name(const Pod *pod, CriContainerPlan *plan)
{
        char *other;

        if (!appc_pod_find_app(pod->manifest, plan->run.name))
                return 0;
        other = strprintf("%s-%.8s", plan->run.name, plan->record->id);
        free(plan->run.name);
        plan->run.name = other;
        return other ? 0 : -ENOMEM;
}

/* By its ID from here on. What people call it is what they wrote, if the client says so. */
static GrpcCode find_image_of(Context *c, const Cri__ImageSpec *asked, CriContainerPlan *plan, char **reterr_message)
{
        const char *name = asked->image, *said = isempty(asked->user_specified_image) ? name
                                                                                      : asked->user_specified_image;
        _cleanup_(image_freep) Image *image = NULL;
        int r = cri_image_find(c, name, &image);

        if (r == -ENOENT)
                return call_refuse(GRPC_NOT_FOUND, reterr_message, "there is no image '%s'; it has to be pulled before",
                                   name);
        if (r == -EINVAL || r == -ENOTUNIQ)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "'%s' is not the name of an image", name);
        if (r >= 0) {
                plan->record->image = mfree(plan->record->image);
                r = cri_image_names(c, &image->id, said, &plan->record->image, &plan->record->image_reference);
        }
        if (r < 0)
                return call_code_of(r);
        plan->run.image = strdup(DIGEST_FILE(&image->id));
        return plan->run.image ? GRPC_OK : GRPC_RESOURCE_EXHAUSTED;
}

static GrpcCode find_image_of_volume(Context *c, Volume *v, CriMountRecord *record, char **reterr_message)
{
        _cleanup_(image_freep) Image *image = NULL;
        int r = cri_image_find(c, v->image, &image);

        if (r == -ENOENT)
                return call_refuse(GRPC_NOT_FOUND, reterr_message, "mount '%s': there is no image '%s'; it has to be "
                                   "pulled before", record->container_path, v->image);
        if (r == -EINVAL || r == -ENOTUNIQ)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': '%s' is not the name of an "
                                   "image", record->container_path, v->image);
        if (r >= 0)
                r = free_and_strdup(&v->image_id, DIGEST_STRING(&image->id));
        if (r >= 0)
                r = free_and_strdup(&record->image_id, DIGEST_STRING(&image->id));
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

/* The plan and the record have the mounts in the same order. */
static GrpcCode find_images_of_volumes(Context *c, CriContainerPlan *plan, char **reterr_message)
{
        GrpcCode code = GRPC_OK;

        for (size_t i = 0; code == GRPC_OK && i < plan->n_mounts; i++)
                if (plan->mounts[i].app_volume->kind == VOLUME_IMAGE)
                        code = find_image_of_volume(c, plan->mounts[i].app_volume, &plan->record->mounts[i],
                                                    reterr_message);
        return code;
}

/* Adds to the app what the plan has beside its words. */
static int complete_app(CriContainerPlan *plan, const Image *image, AppcPodApp *app)
{
        _cleanup_free_ char *text = NULL;
        int r = 0;

        plan->record->image_id = strdup(DIGEST_STRING(&image->id));
        if (!plan->record->image_id)
                return log_oom();
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                r = appc_pod_app_add_mount(app, &plan->mounts[i]);
        if (r >= 0)
                r = cri_container_record_format(plan->record, &text);
        if (r >= 0)
                r = strv_env_set(&app->annotations, CRI_ANNOTATION, text);
        return r < 0 ? log_error_errno(r, "Cannot write down the container: %m") : 0;
}

/* A kubelet has made the directory; others may not have. */
static int make_log_directory(const CriContainerRecord *record)
{
        const char *path = record->log_path, *slash = path ? strrchr(path, '/') : NULL;
        _cleanup_free_ char *directory = slash ? strndup(path, (size_t) (slash - path)) : NULL;
        int r = !slash || slash == path ? 0 : directory ? mkdir_p_at(AT_FDCWD, directory, 0755) : -ENOMEM;

        return r < 0 ? log_error_errno(r, "Cannot make the directory of log file %s: %m", path) : 0;
}

static int add(Context *c, AppChange *change, CriContainerPlan *plan)
{
        const RunArgs args = { .policy = PULL_NEVER, .apps = &plan->run, .n_apps = 1,
                               .private_users = -1, .mds_register = -1 };
        AppcPod *manifest = change->pod->manifest;
        _cleanup_(image_freep) Image *image = NULL;
        int r = choose_free_name(change->pod, plan);

        if (r < 0)
                return log_oom();
        r = make_log_directory(plan->record);
        if (r >= 0)
                r = run_compose_app(c, &args, manifest, &image);
        if (r >= 0)
                r = complete_app(plan, image, &manifest->apps[manifest->n_apps - 1]);
        return r < 0 ? r : app_change_add(change, image);
}

static GrpcCode create_in(Context *c, const CriSandbox *s, CriContainerPlan *plan, char **reterr_message)
{
        _cleanup_(app_change_done) AppChange change = APP_CHANGE_NONE;
        GrpcCode code;
        int r = app_change_begin(c, s->pod->uuid.s, &change);

        if (r < 0)
                return call_code_of(r);
        code = check_unique(change.pod, plan->record, reterr_message);
        if (code != GRPC_OK)
                return code;
        change.any_program = true;
        r = add(c, &change, plan);
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

/* The app of a container in the same sandbox. */
static GrpcCode find_target(Context *c, const CriSandbox *s, const char *id, char **ret, char **reterr_message)
{
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, id, &found, reterr_message);

        if (code != GRPC_OK)
                return code;
        if (!streq(found.pod->uuid.s, s->pod->uuid.s))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "container '%s', whose processes are to be "
                                   "seen, is not in sandbox '%s'", id, s->pod->uuid.s);
        *ret = strdup(found.app->name);
        return *ret ? GRPC_OK : GRPC_RESOURCE_EXHAUSTED;
}

static bool is_privileged(const Cri__ContainerConfig *config)
{
        return config->linux && config->linux->security_context && config->linux->security_context->privileged;
}

static GrpcCode create(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__CreateContainerRequest *asked = request;
        _cleanup_(cri_container_plan_done) CriContainerPlan plan = {};
        Cri__CreateContainerResponse *answer = response;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        _cleanup_free_ char *target = NULL;
        GrpcCode code = cri_sandbox_ask(c, asked->pod_sandbox_id, &s, reterr_message);
        const char *id = cri_container_target(asked->config);

        if (code == GRPC_OK && id)
                code = find_target(c, &s, id, &target, reterr_message);
        if (code != GRPC_OK)
                return code;
        code = cri_cdi_apply(cri_cdi_directories, asked->config, reterr_message);
        if (code == GRPC_OK)
                code = cri_container_plan(asked->config, s.record, &s.pod->uuid, target, &plan, reterr_message);
        if (code == GRPC_OK && is_privileged(asked->config) && cri_container_host_devices(&plan) < 0)
                code = GRPC_RESOURCE_EXHAUSTED;
        if (code == GRPC_OK)
                code = find_image_of(c, asked->config->image, &plan, reterr_message);
        if (code == GRPC_OK)
                code = find_images_of_volumes(c, &plan, reterr_message);
        if (code == GRPC_OK)
                code = create_in(c, &s, &plan, reterr_message);
        if (code == GRPC_OK)
                answer->container_id = call_text(plan.record->id);
        return code;
}

/* Starting and stopping */

/* Whoever asked for a log is to know that there will be none. */
static GrpcCode check_log(const CriContainerRecord *record, char **reterr_message)
{
        _cleanup_close_ int fd = isempty(record->log_path) ? -EBADF : log_file_open(record->log_path);

        return isempty(record->log_path) || fd >= 0
                       ? GRPC_OK
                       : call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "log file %s cannot be opened: %s",
                                     record->log_path, strerror(-fd));
}

static GrpcCode start(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__StartContainerRequest *asked = request;
        _cleanup_(app_change_done) AppChange change = APP_CHANGE_NONE;
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, asked->container_id, &found, reterr_message);
        int r;

        if (code != GRPC_OK)
                return code;
        r = app_change_begin(c, found.pod->uuid.s, &change);
        if (r < 0)
                return call_code_of(r);
        if (!pod_app_waits(change.pod, found.app->name))
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "container '%s' was started before; it is "
                                   "%s", asked->container_id, pod_app_state(change.pod, found.app->name));
        code = check_log(found.record, reterr_message);
        if (code != GRPC_OK)
                return code;
        r = cri_resources_bind(&change, found.app->name, found.record);
        if (r >= 0)
                r = app_change_start(&change, found.app->name);
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

static int stop_signal(const AppcPodApp *app)
{
        const int n = app->app && app->app->stop_signal ? signal_from_string(app->app->stop_signal) : SIGTERM;

        return n > 0 ? n : SIGTERM;
}

static int stop_container(const CriContainer *found, uint64_t timeout_usec)
{
        if (found->pod->state != POD_RUNNING || pod_app_waits(found->pod, found->app->name))
                return 0;
        return cri_app_stop(found->pod, found->app->name, stop_signal(found->app), timeout_usec);
}

/* One that is not there, or not any more, has been stopped. */
static GrpcCode stop(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__StopContainerRequest *asked = request;
        _cleanup_(cri_container_done) CriContainer found = {};
        const uint64_t seconds = asked->timeout > 0 ? MIN((uint64_t) asked->timeout, APP_STOP_TIMEOUT_MAX) : 0;
        int r = cri_container_find(c, asked->container_id, &found);

        if (r >= 0)
                r = stop_container(&found, seconds * USEC_PER_SEC);
        return r < 0 && r != -ENOENT ? call_code_of(r) : GRPC_OK;
}

static int remove_container(Context *c, const CriContainer *found)
{
        _cleanup_(app_change_done) AppChange change = APP_CHANGE_NONE;
        _cleanup_free_ char *message = NULL;
        int r;

        if (found->pod->state != POD_RUNNING) {
                r = pod_change_remove_ended(found->pod, found->app->name, &message);
                return r < 0 ? log_explained(r, message, "Cannot remove app '%s'", found->app->name) : 0;
        }
        r = stop_container(found, 0);
        if (r >= 0)
                r = app_change_begin(c, found->pod->uuid.s, &change);
        return r < 0 ? r : app_change_remove(&change, found->app->name);
}

static GrpcCode remove_it(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__RemoveContainerRequest *asked = request;
        _cleanup_(cri_container_done) CriContainer found = {};
        int r = cri_container_find(c, asked->container_id, &found);

        if (r >= 0)
                r = remove_container(c, &found);
        return r < 0 && r != -ENOENT ? call_code_of(r) : GRPC_OK;
}

/* A kubelet renames the file before it asks. */
static GrpcCode reopen_log(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ReopenContainerLogRequest *asked = request;
        _cleanup_(cri_container_done) CriContainer found = {};
        GrpcCode code = cri_container_ask(c, asked->container_id, &found, reterr_message);
        int r = 0;

        if (code != GRPC_OK)
                return code;
        if (!streq(pod_app_state(found.pod, found.app->name), "running"))
                r = -ESRCH;
        if (r >= 0)
                r = pod_log_file_reopen(&found.pod->uuid, found.app->name);
        if (r == -ESRCH)
                return call_refuse(GRPC_FAILED_PRECONDITION, reterr_message,
                                   "container '%s' has no log file, or is not running", asked->container_id);
        return r < 0 ? call_refuse(call_code_of(r), reterr_message, "%s: %s", strempty(found.record->log_path),
                                   strerror(-r))
                     : GRPC_OK;
}

const CriMethod cri_container_methods[] = {
        CRI_METHOD(RuntimeService, CreateContainer, create_container, create),
        CRI_METHOD(RuntimeService, StartContainer, start_container, start),
        CRI_METHOD(RuntimeService, StopContainer, stop_container, stop),
        CRI_METHOD(RuntimeService, RemoveContainer, remove_container, remove_it),
        CRI_METHOD(RuntimeService, ReopenContainerLog, reopen_container_log, reopen_log),
        {},
};
