/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/capability.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "cli/start/app-change.h"
#include "cli/start/choose-app.h"
#include "cli/start/late-devices.h"
#include "cli/start/pod-connect.h"
#include "cli/start/pod-launch.h"
#include "cli/start/start-outcome.h"
#include "manifest/appc-image.h"
#include "network/network.h"
#include "pod/late-output.h"
#include "pod/plan-check.h"
#include "pod/pod-addresses.h"
#include "pod/pod-change.h"
#include "pod/pod-log-file.h"
#include "pod/pod-prepare.h"
#include "pod/pod-register.h"
#include "shared/explain.h"
#include "stage1/app-beside.h"
#include "stage1/app-unit.h"
#include "stage1/late-app.h"
#include "stage1/pod-limits.h"
#include "stage1/pod-sockets.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

#define STATUS_MAX 65536

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

/* The same for an app that has just come: of its units, only those have been heard of that other apps name, and they
 * name its service with any other of them. */
static int reload_if_referred(AppChange *a, const char *app)
{
        int r = connect_pod(a);

        if (r < 0)
                return r;
        return is_loaded(a, strjoin(app, ".service")) ? reload(a) : 0;
}

static int run_job_of(AppChange *a, const char *member, const char *app, const char *unit, char **ret_result)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = unit ? connect_pod(a) : log_oom();

        if (r < 0)
                return r;
        r = unit_job_run(a->bus, member, unit, ret_result, &error);
        /* A unit that was never loaded does not run. */
        if (r < 0 && streq(member, "StopUnit") && sd_bus_error_has_name(&error, "org.freedesktop.systemd1.NoSuchUnit"))
                return 0;
        return r < 0 ? log_error_errno(r, "App '%s': %s", app, bus_error_text(&error, r)) : 0;
}

/* *ret_result is the job's. */
static int run_job(AppChange *a, const char *member, const char *app, char **ret_result)
{
        _cleanup_free_ char *unit = strjoin(app, ".service");

        return run_job_of(a, member, app, unit, ret_result);
}

/* Beginning */

/* What others know of it: clients of the metadata service, and pods of the same networks. */
static int withdraw(AppChange *a, const char *app)
{
        int r = pod_register_changes(a->pod, NULL, app), q;

        q = network_app_goes(a->pod->fd, a->pod->settings->name, app);
        return r < 0 && r != -ENOENT ? r : q;
}

static int end_unit(AppChange *a, const char *app, char *unit)
{
        _cleanup_free_ char *own = unit, *result = NULL;

        return run_job_of(a, "StopUnit", app, own, &result);
}

/* One that had to be killed has failed, and what records that or its stop starts then: it would write a record of an
 * app that has gone. */
static int end_units(AppChange *a, const char *app)
{
        int r = end_unit(a, app, strjoin(app, ".service"));

        if (r >= 0)
                r = end_unit(a, app, strprintf(ENDED_UNIT, app));
        return r < 0 ? r : end_unit(a, app, strprintf(STOPPED_UNIT, app));
}

/* Its units first, since nothing can be unmounted while they run. */
static int remove_rest(AppChange *a, const char *app)
{
        _cleanup_free_ char *message = NULL, *unit = strjoin(app, ".service");
        int r = unit ? end_units(a, app) : log_oom();

        if (r < 0)
                return r;
        pod_log_file_end(&a->pod->uuid, app);
        late_output_withdraw(a->pod, app);
        r = late_app_remove(a->pod, app, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot take app '%s' out of the pod", app);
        /* One that failed stays known otherwise. */
        (void) bus_call(a->bus, &bus_systemd_manager, "ResetFailedUnit", NULL, NULL, "s", unit);
        r = reload_if_known(a, app);
        if (r < 0)
                return r;
        r = late_devices_forget(a->context, a->pod, app);
        if (r < 0)
                return r;
        r = withdraw(a, app);
        if (r < 0)
                return log_error_errno(r, "Cannot withdraw the names of app '%s': %m", app);
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

/* They would be below a root that root of the pod may have changed. */
static bool has_files_of_others(const AppChange *a, const PlanApp *app)
{
        for (size_t i = 0; i < app->mounts.n; i++)
                if (app->mounts.items[i].source_app && !streq(app->mounts.items[i].source_app, app->app->name))
                        return true;
        return false;
}

/* Those that its PID 1 may have, as it has started. */
static int read_bounding_set(const Pod *pod, uint64_t *ret)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        const char *line;
        pid_t leader;
        int r = pod_leader_pid(pod, &leader);

        if (r < 0)
                return r;
        path = strprintf("/proc/%i/status", leader);
        r = path ? read_file_at(AT_FDCWD, path, STATUS_MAX, &text, NULL) : -ENOMEM;
        if (r < 0)
                return r;
        line = strstr(text, "\nCapBnd:");
        if (!line)
                return -EBADMSG;
        *ret = strtoull(line + strlen("\nCapBnd:"), NULL, 16);
        return 0;
}

/* An app can have only what its pod has, and would be without the rest. */
static int check_capabilities(const AppChange *a, const PlanApp *app)
{
        uint64_t set;
        int r = read_bounding_set(a->pod, &set);

        if (r < 0)
                return log_error_errno(r, "Cannot read the capabilities of pod '%s': %m", a->pod->settings->name);
        STRV_FOREACH(name, app->capabilities) {
                _cleanup_free_ char *full = strjoin("cap_", *name);
                cap_value_t c;

                if (!app->unrestricted && full && cap_from_name(full, &c) >= 0 && !(set & (UINT64_C(1) << c)))
                        return log_error_errno(EOPNOTSUPP, "App '%s': its pod was started without the capability "
                                               "CAP_%s, which an app of its start would have to have", app->app->name,
                                               *name);
        }
        return 0;
}

static int check_late(const AppChange *a, const PlanApp *app)
{
        _cleanup_free_ char *message = NULL;
        int r = app_labels_check(app, &message);

        if (r < 0)
                return log_error_errno(r, "%s", explained(message, r));
        if (app->pids_of && !appc_pod_find_app(a->pod->manifest, app->pids_of))
                return log_error_errno(ENOENT, "App '%s': --pids=app:%s: pod '%s' has no such app", app->app->name,
                                       app->pids_of, a->pod->settings->name);
        return !has_files_of_others(a, app)
                       ? check_capabilities(a, app)
                       : log_error_errno(EOPNOTSUPP, "App '%s': an app that is added to a running pod cannot have "
                                         "volumes with the files of another app's image", app->app->name);
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

/* Before the manifest has it: an app that is not in there is withdrawn by the next change, but nobody announces one
 * that is. */
static void announce(AppChange *a, const AppcPodApp *app)
{
        int r = pod_register_changes(a->pod, app, NULL);

        if (r < 0)
                log_warning_errno(r, "App '%s': the metadata service does not know it: %m", app->name);
        r = network_app_comes(a->pod->fd, a->pod->settings->name, app->name);
        if (r < 0)
                log_warning_errno(r, "App '%s': other pods do not find it by its name: %m", app->name);
}

static int bring_in(AppChange *a, const PodPlan *plan, const PlanApp *app, char **reterr_message)
{
        int r = late_output_offer(a->pod, app->app->name);

        if (r < 0)
                log_warning_errno(r, "App '%s': 'podctl run' does not print what it writes: %m", app->app->name);
        r = late_app_add(a->pod, plan, app, reterr_message);
        late_output_offered(a->pod);
        return r;
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
        r = late_devices_allow(a->context, a->pod, app);
        if (r < 0)
                return r;
        r = pod_log_files_start(&a->pod->uuid, app->app, 1, &message);
        if (r >= 0)
                r = bring_in(a, plan, app, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot add app '%s'", app->app->name);
        r = reload_if_referred(a, app->app->name);
        if (r < 0)
                return r;
        announce(a, app->app);
        r = pod_write_manifest(a->pod);
        if (r < 0)
                return log_error_errno(r, "Cannot write pod %s: %m", a->pod->uuid.s);
        app_warn_of_host(app);
        return 0;
}

static int plan_and_carry_out(AppChange *a)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *message = NULL;
        int r = pod_plan_with_late(a->pod, &plan, &message);

        if (r < 0)
                return log_explained(r, message, "Cannot plan the app");
        plan->apps[plan->n_apps - 1].any_program = a->any_program;
        return carry_out(a, plan);
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

/* What has been made of an app goes, with what no other app needs; if that fails, it is for the next change. */
static void take_back(AppChange *a, const char *app)
{
        AppcPod *without = NULL;

        log_set_max_level(LOG_CRIT);
        if (appc_pod_without_app(a->pod->manifest, app, &without) >= 0) {
                appc_pod_free(a->pod->manifest);
                a->pod->manifest = without;
        }
        (void) remove_rest(a, app);
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
        if (r < 0)
                take_back(a, name);
        return r;
}

/* The others */

static int check_app(const AppChange *a, const char *app)
{
        const AppcPodApp *ignored;

        return choose_app(a->pod, app, &ignored);
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

/* Has systemd start it. -EIO: it did not; *ret_why is what its launcher says of that. */
static int start_unit(AppChange *a, const char *app, char **ret_why)
{
        _cleanup_close_ int watch = start_outcome_watch(a->pod);
        _cleanup_free_ char *result = NULL;
        int r;

        r = run_job(a, "StartUnit", app, &result);
        if (r < 0)
                return r;
        if (streq_ptr(result, "done")) {
                r = start_outcome_wait(a->pod, app, watch, ret_why);
                return r > 0 ? -EIO : r;
        }
        (void) pod_app_start_failure(a->pod, app, ret_why);
        return -EIO;
}

int app_change_start(AppChange *a, const char *app)
{
        _cleanup_close_ int lock = -EBADF;
        _cleanup_free_ char *why = NULL;
        int r = check_app(a, app), status;

        if (r >= 0)
                r = is_active(a, app);
        if (r > 0)
                return log_error_errno(EALREADY, "App '%s' runs already", app);
        if (r < 0)
                return r;
        r = pod_change_mark_started(a->pod, app, &lock);
        if (r < 0)
                return log_error_errno(r, "Cannot write pod %s: %m", a->pod->uuid.s);
        r = start_unit(a, app, &why);
        if (r != -EIO)
                return r;
        /* Nothing of it has run that could have ended. */
        if (pod_app_exit_status(a->pod, app, &status, NULL) == -ENOENT)
                pod_change_mark_waiting(a->pod, app);
        return why ? log_error_errno(EIO, "App '%s' did not start: %s", app, why)
                   : log_error_errno(EIO, "App '%s' did not start; see podctl logs --app=%s %s", app, app,
                                     a->pod->settings->name);
}

/* Or who connects would start the app again. Those of an app of the pod's start may have been passed to the pod, and
 * could not be opened again. */
static int stop_sockets(AppChange *a, const char *app)
{
        const AppcPodApp *row = appc_pod_find_app(a->pod->manifest, app);
        int r = 0;

        if (!row->app || !pod_app_is_late(a->pod, app))
                return 0;
        for (size_t i = 0; r >= 0 && i < row->app->n_ports; i++) {
                _cleanup_free_ char *unit = strprintf(POD_SOCKET_UNIT, app, row->app->ports[i].name), *result = NULL;

                if (row->app->ports[i].socket_activated)
                        r = run_job_of(a, "StopUnit", app, unit, &result);
        }
        return r;
}

static int stop_app(AppChange *a, const char *app)
{
        _cleanup_free_ char *result = NULL;
        int r = check_app(a, app);

        if (r >= 0)
                r = stop_sockets(a, app);
        if (r >= 0)
                r = run_job(a, "StopUnit", app, &result);
        if (r >= 0 && result && !streq(result, "done"))
                return log_error_errno(EIO, "App '%s' did not stop: its job is '%s'", app, result);
        return r;
}

int app_change_stop(AppChange *a, const char *app)
{
        int r = stop_app(a, app);

        if (r < 0)
                return r;
        /* One that waited for its restart has no other end. */
        r = pod_record_no_restart(a->pod, app);
        return r < 0 ? log_error_errno(r, "App '%s' was stopped, but its record cannot be written: %m", app) : 0;
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

/* Whether the other app's processes are in this one's namespace, and end with it. */
static bool lives_in(const AppcPodApp *other, const char *app)
{
        const char *pids = strv_env_get(other->annotations, APPC_ANNOTATION_PIDS);

        return streq_ptr(pids ? startswith(pids, APPC_PIDS_OF) : NULL, app);
}

int app_change_check_unneeded(const AppChange *a, const char *app)
{
        for (size_t i = 0; i < a->pod->manifest->n_apps; i++) {
                const AppcPodApp *other = &a->pod->manifest->apps[i];

                if (waits_for(other, app))
                        return log_error_errno(EBUSY, "App '%s' is one that '%s' starts after; remove that before",
                                               app, other->name);
                if (lives_in(other, app))
                        return log_error_errno(EBUSY, "App '%s' has processes that '%s' sees (--pids=app:%s); remove "
                                               "that before", app, other->name, app);
        }
        return 0;
}

int app_change_remove(AppChange *a, const char *app)
{
        AppcPod *without = NULL;
        /* Its record goes with it, whatever root of the pod has put there. */
        int r = stop_app(a, app);

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
        return remove_rest(a, app);
}
