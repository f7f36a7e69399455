/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "cli/start/app-change.h"
#include "cli/start/pod-connect.h"
#include "manifest/appc-image.h"
#include "network/network.h"
#include "pod/plan-check.h"
#include "pod/pod-addresses.h"
#include "pod/pod-change.h"
#include "pod/pod-prepare.h"
#include "pod/pod-register.h"
#include "shared/explain.h"
#include "stage1/app-beside.h"
#include "stage1/app-unit.h"
#include "stage1/late-app.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

void app_change_done(AppChange *a)
{
        sd_bus_flush_close_unref(a->bus);
        safe_close(a->lock);
        pod_free(a->pod);
        *a = (AppChange) APP_CHANGE_NONE;
}

/* The pod's systemd */

static int connect_pod(AppChange *a)
{
        return a->bus ? 0 : pod_connect(a->pod, &a->bus);
}

static int reload(AppChange *a)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = bus_call(a->bus, &bus_systemd_manager, "Reload", &error, NULL, NULL);

        return r < 0 ? log_error_errno(r, "The service manager of pod '%s' refuses: %s", a->pod->settings->name,
                                       bus_error_text(&error, r))
                     : 0;
}

static bool is_loaded(AppChange *a, char *unit)
{
        _cleanup_free_ char *own = unit;

        return !own || bus_call(a->bus, &bus_systemd_manager, "GetUnit", NULL, NULL, "s", own) >= 0;
}

/* Whether systemd has to be told that the files of the app's units are others, or gone. It reads those of units that it
 * does not know when it needs them, and forgets what nothing refers to; to read all units again takes the longer the
 * more apps there are. */
static int reload_if_known(AppChange *a, const char *app)
{
        int r = connect_pod(a);

        if (r < 0)
                return r;
        return is_loaded(a, strjoin(app, ".service")) || is_loaded(a, strprintf(HANDLERS_UNIT, app)) ||
                               is_loaded(a, strprintf(HEALTH_UNIT, app))
                       ? reload(a)
                       : 0;
}

/* *ret_result is the job's. */
static int run_job(AppChange *a, const char *member, const char *app, char **ret_result)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *unit = strjoin(app, ".service");
        int r = unit ? connect_pod(a) : log_oom();

        if (r < 0)
                return r;
        r = unit_job_run(a->bus, member, unit, ret_result, &error);
        /* A unit that was never loaded does not run. */
        if (r < 0 && streq(member, "StopUnit") && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        return r < 0 ? log_error_errno(r, "App '%s': %s", app, bus_error_text(&error, r)) : 0;
}

/* Beginning */

/* Its units first, since nothing can be unmounted while they run. */
static int remove_rest(AppChange *a, const char *app)
{
        _cleanup_free_ char *message = NULL, *result = NULL, *unit = strjoin(app, ".service");
        int r = unit ? run_job(a, "StopUnit", app, &result) : log_oom();

        if (r < 0)
                return r;
        r = late_app_remove(a->pod, app, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot take app '%s' out of the pod", app);
        /* One that failed stays known otherwise. */
        (void) bus_call(a->bus, &bus_systemd_manager, "ResetFailedUnit", NULL, NULL, "s", unit);
        r = reload_if_known(a, app);
        if (r < 0)
                return r;
        r = pod_change_forget(a->pod, app);
        return r < 0 ? log_error_errno(r, "Cannot remove the files of app '%s': %m", app) : 0;
}

static int remove_leftovers(AppChange *a)
{
        _cleanup_strv_free_ char **left = NULL;
        int r = pod_change_leftovers(a->pod, &left);

        if (r < 0)
                return log_error_errno(r, "Cannot read pod %s: %m", a->pod->uuid.s);
        /* One that cannot be removed keeps only its name. */
        STRV_FOREACH(app, left)
                (void) remove_rest(a, *app);
        return 0;
}

int app_change_begin(Context *c, const char *pod, AppChange *ret)
{
        _cleanup_(app_change_done) AppChange a = APP_CHANGE_NONE;
        _cleanup_free_ char *message = NULL;
        int r = context_find_pod(c, pod, &a.pod);

        if (r < 0)
                return r;
        a.context = c;
        r = pod_change_begin(a.pod, &a.lock, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot change pod '%s'", pod_display_name(a.pod));
        r = connect_pod(&a);
        if (r >= 0)
                r = remove_leftovers(&a);
        if (r < 0)
                return r;
        *ret = a;
        a = (AppChange) APP_CHANGE_NONE;
        return 0;
}

/* Adding */

static bool has_devices(const AppChange *a, const PlanApp *app)
{
        return strv_length(app->devices) > 0;
}

static bool has_sockets(const AppChange *a, const PlanApp *app)
{
        for (size_t i = 0; i < app->app->app->n_ports; i++)
                if (app->app->app->ports[i].socket_activated)
                        return true;
        return false;
}

static bool has_files_of_others(const AppChange *a, const PlanApp *app)
{
        for (size_t i = 0; i < app->mounts.n; i++)
                if (app->mounts.items[i].source_app && !streq(app->mounts.items[i].source_app, app->app->name))
                        return true;
        return false;
}

/* An app that is there may have mounted it, and the late one would have another. */
static bool has_shared_memory(const AppChange *a, const PlanApp *app)
{
        for (size_t i = 0; i < app->mounts.n; i++)
                if (app->mounts.items[i].kind == PLAN_MOUNT_TMPFS && app->mounts.items[i].source &&
                    appc_pod_find_volume(a->pod->manifest, app->mounts.items[i].source))
                        return true;
        return false;
}

/* What a pod is given only at its start. */
static int check_late(const AppChange *a, const PlanApp *app)
{
        static const struct {
                bool (*has)(const AppChange *a, const PlanApp *app);
                const char *what;
        } rows[] = {
                { has_devices, "devices" },
                { has_sockets, "sockets that systemd listens on" },
                { has_files_of_others, "volumes with the files of another app's image" },
                { has_shared_memory, "volumes in memory that other apps may have" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].has(a, app))
                        return log_error_errno(EOPNOTSUPP,
                                               "App '%s': an app that is added to a running pod cannot have %s",
                                               app->app->name, rows[i].what);
        return 0;
}

static int resolve(AppChange *a, AppcPodApp *app, const Image *image)
{
        _cleanup_strv_free_ char **warnings = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r;

        lock = context_lock_images(a->context, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        r = pod_add_image(a->pod, store, app, image, &warnings, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot resolve the image of app '%s'", app->name);
        STRV_FOREACH(warning, warnings)
                log_warning("%s", *warning);
        r = pod_change_mark_late(a->pod, app->name);
        return r < 0 ? log_error_errno(r, "Cannot write pod %s: %m", a->pod->uuid.s) : 0;
}

static int carry_out(AppChange *a, PodPlan *plan)
{
        const PlanApp *app = &plan->apps[plan->n_apps - 1];
        _cleanup_strv_free_ char **host = NULL;
        _cleanup_free_ char *message = NULL;
        int r = check_late(a, app);

        if (r < 0)
                return r;
        r = pod_addresses_are_wanted(plan) ? pod_addresses_of_host(&host) : 0;
        if (r >= 0)
                r = pod_addresses_set(a->pod, plan, host, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot find the addresses of pod '%s'", a->pod->settings->name);
        STRV_FOREACH(line, plan->ignored)
                log_debug("%s", *line);
        r = late_app_add(a->pod, plan, app, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot add app '%s'", app->app->name);
        r = reload_if_known(a, app->app->name);
        if (r < 0)
                return r;
        r = pod_write_manifest(a->pod);
        if (r < 0)
                return log_error_errno(r, "Cannot write pod %s: %m", a->pod->uuid.s);
        r = pod_register_changes(a->pod, app->app, NULL);
        if (r < 0)
                log_warning_errno(r, "App '%s': the metadata service does not know it: %m", app->app->name);
        r = network_app_comes(a->pod->fd, a->pod->settings->name, app->app->name);
        if (r < 0)
                log_warning_errno(r, "App '%s': other pods do not find it by its name: %m", app->app->name);
        return 0;
}

static int plan_and_carry_out(AppChange *a)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *message = NULL;
        int r = pod_plan_with_late(a->pod, &plan, &message);

        return r < 0 ? log_explained(r, message, "Cannot plan the app") : carry_out(a, plan);
}

/* Before there is anything of it: what is left of an app under the name of one of the pod's own services could not be
 * removed. */
static int check_manifest(const AppChange *a, const char *name)
{
        _cleanup_strv_free_ char **left = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = plan_check_apps(a->pod->manifest, &e);

        if (r < 0)
                return log_error_errno(r, "%s", json_error_message(&e, r));
        (void) list_directory_at(a->pod->fd, "apps", &left);
        return strv_contains(left, name)
                       ? log_error_errno(EEXIST, "App '%s': an earlier one of that name cannot be removed; choose "
                                         "another name with --name", name)
                       : 0;
}

int app_change_add(AppChange *a, const Image *image)
{
        AppcPodApp *app = &a->pod->manifest->apps[a->pod->manifest->n_apps - 1];
        _cleanup_free_ char *name = strdup(app->name);
        int r = name ? check_manifest(a, name) : log_oom();

        if (r < 0)
                return r;
        r = resolve(a, app, image);
        if (r >= 0)
                r = plan_and_carry_out(a);
        /* What has been made of it goes; if that fails, it is for the next change. */
        if (r < 0) {
                log_set_max_level(LOG_CRIT);
                (void) remove_rest(a, name);
        }
        return r;
}

/* The others */

static int check_app(const AppChange *a, const char *app)
{
        return appc_pod_find_app(a->pod->manifest, app)
                       ? 0
                       : log_error_errno(ENOENT, "Pod '%s' has no app '%s'", a->pod->settings->name, app);
}

static int is_active(AppChange *a, const char *app)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        _cleanup_free_ char *unit = strjoin(app, ".service");
        int r = unit ? connect_pod(a) : log_oom();

        if (r < 0)
                return r;
        r = unit_get_status(a->bus, unit, &status);
        return r >= 0 ? status.active : 0;
}

int app_change_start(AppChange *a, const char *app)
{
        _cleanup_free_ char *result = NULL;
        int r = check_app(a, app);

        if (r >= 0)
                r = is_active(a, app);
        if (r > 0)
                return log_error_errno(EALREADY, "App '%s' runs already", app);
        if (r < 0)
                return r;
        r = pod_change_mark_started(a->pod, app);
        if (r < 0)
                return log_error_errno(r, "Cannot write pod %s: %m", a->pod->uuid.s);
        r = run_job(a, "StartUnit", app, &result);
        if (r >= 0 && !streq_ptr(result, "done"))
                return log_error_errno(EIO, "App '%s' did not start; see podctl logs --app=%s %s", app, app,
                                       a->pod->settings->name);
        return r;
}

int app_change_stop(AppChange *a, const char *app)
{
        _cleanup_free_ char *result = NULL;
        int r = check_app(a, app);

        if (r >= 0)
                r = run_job(a, "StopUnit", app, &result);
        if (r >= 0 && result && !streq(result, "done"))
                return log_error_errno(EIO, "App '%s' did not stop: its job is '%s'", app, result);
        return r;
}

/* Whether the other app starts after this one, or not without it. */
static bool waits_for(const AppcPodApp *other, const char *app)
{
        static const char *const annotations[] = { APPC_ANNOTATION_AFTER, APPC_ANNOTATION_REQUIRES };

        for (size_t i = 0; i < ELEMENTSOF(annotations); i++) {
                _cleanup_strv_free_ char **names = NULL;

                if (strv_split(strempty(strv_env_get(other->annotations, annotations[i])), ',', &names) >= 0 &&
                    strv_contains(names, app))
                        return true;
        }
        return false;
}

static int check_unneeded(const AppChange *a, const char *app)
{
        for (size_t i = 0; i < a->pod->manifest->n_apps; i++)
                if (waits_for(&a->pod->manifest->apps[i], app))
                        return log_error_errno(EBUSY, "App '%s' is one that '%s' starts after; remove that before",
                                               app, a->pod->manifest->apps[i].name);
        return 0;
}

int app_change_remove(AppChange *a, const char *app)
{
        AppcPod *without = NULL;
        int r = check_unneeded(a, app);

        if (r >= 0)
                r = app_change_stop(a, app);
        if (r < 0)
                return r;
        r = appc_pod_without_app(a->pod->manifest, app, &without);
        if (r >= 0) {
                appc_pod_free(a->pod->manifest);
                a->pod->manifest = without;
                r = pod_write_manifest(a->pod);
        }
        if (r < 0)
                return log_error_errno(r, "Cannot write pod %s: %m", a->pod->uuid.s);
        (void) pod_register_changes(a->pod, NULL, app);
        (void) network_app_goes(a->pod->fd, a->pod->settings->name, app);
        return remove_rest(a, app);
}
