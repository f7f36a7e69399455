/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-daemon.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/start/pod-event.h"
#include "cli/start/pod-launch.h"
#include "cli/start/unit-lines.h"
#include "config.h"
#include "pod/host-journal.h"
#include "pod/plan-controllers.h"
#include "pod/plan-stop.h"
#include "pod/pod-ending.h"
#include "pod/pod-gc.h"
#include "pod/pod-log-file.h"
#include "shared/explain.h"
#include "stage1/stage1.h"
#include "unit/machine.h"
#include "unit/transient-unit.h"
#include "unit/unit-wait.h"

bool pod_name_is_ending(const char *name, Uuid *ret)
{
        return pod_name_holder(name, ret) >= 0 && pod_is_ending(ret);
}

/* Only one pod of a name at a time. The lock is left to what the pod becomes, like the pod's own, and so lasts as long
 * as the pod. */
static int lock_name(const Pod *pod)
{
        _cleanup_free_ char *path = strjoin(POD_NAME_LOCKS "/", pod->settings->name);
        Uuid holder = {};
        int fd, r;

        if (!path)
                return log_oom();
        r = mkdir_p_at(AT_FDCWD, POD_NAME_LOCKS, 0755);
        if (r < 0)
                return log_error_errno(r, "Cannot make " POD_NAME_LOCKS ": %m");

        if (pod_name_is_ending(pod->settings->name, &holder))
                pod_ending_wait(&holder);
        fd = lock_file_at(AT_FDCWD, path, LOCK_EX | LOCK_NB);
        if (fd == -EAGAIN)
                return log_error_errno(EEXIST, "The name '%s' is in use by pod %s", pod->settings->name,
                                       pod_name_holder(pod->settings->name, &holder) < 0 ? "(starting)" : holder.s);
        if (fd < 0)
                return log_error_errno(fd, "Cannot lock the pod's name: %m");

        if (ftruncate(fd, 0) < 0 || loop_write(fd, pod->uuid.s, strlen(pod->uuid.s)) < 0)
                log_debug("Cannot write to the lock of name '%s'", pod->settings->name);
        return fd_set_cloexec(fd, false) < 0 ? -EIO : fd;
}

/* Limits the pod's stop to the time that our unit has for it, by options, drop-ins or its file. */
static int limit_stop(PodPlan *plan)
{
        uint64_t usec;

        if (unit_stop_timeout(plan->settings->unit, &usec) < 0 || usec == UINT64_MAX)
                return 0;
        return plan_stop_limit(plan, (int64_t) (usec / USEC_PER_SEC)) < 0 ? log_oom() : 0;
}

static void warn_of_controllers(const PodPlan *plan)
{
        _cleanup_strv_free_ char **missing = NULL, **lines = NULL;

        if (controllers_missing(&missing) < 0 || plan_without_controllers(plan, missing, &lines) < 0)
                return;
        STRV_FOREACH(line, lines)
                log_warning("%s", *line);
}

void app_warn_of_host(const PlanApp *app)
{
        _cleanup_strv_free_ char **missing = NULL, **lines = NULL;

        if (controllers_missing(&missing) < 0 || app_without_controllers(app, missing, &lines) < 0)
                return;
        STRV_FOREACH(line, lines)
                log_warning("App '%s': %s", app->app->name, *line);
}

/* Which of the pod's settings have no effect on this host. */
void pod_warn_of_host(const Pod *pod, const PodPlan *plan)
{
        const char *missing = engine_of(pod->settings)->is_machine ? machine_registry_missing() : NULL;

        warn_of_controllers(plan);

        STRV_FOREACH(line, plan->ignored)
                log_warning("%s", *line);
        if (missing)
                log_warning("Pod '%s' is not registered as a machine: systemd-machined %s, so machinectl and "
                            "'systemctl -M' do not know it", pod->settings->name, missing);
}

/* Ports or addresses that it alone can have, and that a pod may have which is ending. */
static bool has_places_of_its_own(const Pod *pod)
{
        for (size_t i = 0; i < pod->settings->n_joins; i++)
                if (pod->manifest->n_ports > 0 || strv_length(pod->settings->joins[i].arguments) > 0)
                        return true;
        return false;
}

static int plan_pod(Pod *pod, PodPlan **ret)
{
        _cleanup_free_ char *message = NULL;
        int r = pod_plan_of(pod, ret, &message);

        return r < 0 ? log_explained(r, message, "Cannot plan the pod") : 0;
}

static int pod_launch_logging(Pod *pod, PodPlan *plan)
{
        _cleanup_(pod_plan_freep) PodPlan *own_plan = NULL;
        _cleanup_close_ int name_lock = -EBADF;
        _cleanup_free_ char *message = NULL;
        const Engine *engine;
        int r;

        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        engine = engine_of(pod->settings);
        name_lock = lock_name(pod);
        if (name_lock < 0)
                return name_lock;

        r = pod_move(pod, POD_DIR_RUN);
        if (r < 0)
                return log_error_errno(r, "Cannot move the pod: %m");
        if (!plan) {
                r = plan_pod(pod, &own_plan);
                if (r < 0)
                        return r;
                plan = own_plan;
        }
        r = engine->has_init ? limit_stop(plan) : 0;
        if (r < 0)
                return r;
        pod_warn_of_host(pod, plan);
        if (has_places_of_its_own(pod))
                pod_endings_wait();

        /* The pod that had the name before may have been killed. */
        r = engine->clear ? engine->clear(pod->settings->name) : 0;
        if (r == -EEXIST)
                return log_error_errno(r, "The name '%s' is in use by another machine", pod->settings->name);
        if (r < 0)
                log_debug_errno(r, "Cannot look for what is left of a pod '%s': %m", pod->settings->name);
        (void) pod_link_journal(pod);
        pod_event_starts(pod);
        r = pod_log_files_start(&pod->uuid, plan->manifest->apps, plan->manifest->n_apps, &message);
        if (r >= 0)
                r = stage1_of(pod->settings)->launch(pod, plan, &message);
        return log_explained(r, message, "Cannot start the pod");
}

/* Tells whoever waits for the pod what was logged last. */
static void give_up(Pod *pod, bool prepared)
{
        pod_event_failed_to_start(NULL, pod);
        (void) sd_notifyf(false, "STATUS=" POD_STATUS_PREFIX "%s", strempty(log_last_error()));
        (void) sd_notify_barrier(false, 5 * 1000000ULL);
        pod_log_files_end(&pod->uuid);
        /* A pod that never ran is removed, unless it was prepared beforehand. */
        (void) (prepared ? pod_put_back(pod) : pod_remove(pod));
}

int pod_launch(Pod *pod, PodPlan *plan)
{
        bool prepared = pod->directory == POD_DIR_PREPARED;
        int r = pod_launch_logging(pod, plan);

        give_up(pod, prepared);
        return r;
}

/* A unit that ends with the pod's. With Before= it is stopped after the pod's unit (systemd.unit(5)): so the pod is
 * gone when it cleans up, also when both are stopped at once. */
static int start_follower(Context *c, const Pod *pod)
{
        _cleanup_free_ char *name = strjoin("podctl-tear-down-", pod->uuid.s, ".service"), *job = NULL,
                            *binds_to = strjoin("BindsTo=", pod->settings->unit),
                            *before = strjoin("Before=", pod->settings->unit),
                            *data = strjoin("--dir=", pod->store->data);
        char *const properties[] = { (char *) "Description=Clean up after a pod", (char *) "Type=oneshot",
                                     (char *) "RemainAfterExit=yes", (char *) "CollectMode=inactive-or-failed",
                                     binds_to, before, NULL };
        char *const start[] = { (char *) "/usr/bin/true", NULL };
        char *const stop_post[] = { (char *) BINDIR "/podctl", data, (char *) "tear-down", (char *) pod->uuid.s, NULL };
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        sd_bus *bus;
        int r;

        if (!name || !binds_to || !before || !data)
                return log_oom();
        r = context_bus(c, &bus);
        if (r < 0)
                return r;
        r = transient_unit_start(bus, &(TransientUnit) { .name = name, .properties = properties, .start = start,
                                                         .stop_post = stop_post }, &job, &error);
        return r < 0 ? log_warning_errno(r, "Only 'podctl gc' cleans up what this pod has outside its directory: %s",
                                            
                                         bus_error_text(&error, r))
                     : 0;
}

/* A stop asks PID 1 of the pod, which stops the apps in order; processes that KillMode= signals as well end in no
 * order. */
static void warn_of_kill_mode(const char *unit)
{
        _cleanup_free_ char *mode = NULL;

        if (unit_kill_mode(unit, &mode) >= 0 && streq(mode, "control-group"))
                log_warning(
                        "A stop of %s signals all processes of the pod at once; with KillMode=mixed in its [Service] "
                        "section the pod stops its apps in order",
                        unit);
}

static int launch_in_unit(Context *c, Pod *pod, PodPlan *plan)
{
        int r = unit_lines_apply(c, plan);

        if (r >= 0)
                return pod_launch(pod, plan);
        give_up(pod, false);
        return r;
}

int pod_launch_in_place(Context *c, Pod *pod, PodPlan *plan)
{
        const bool has_init = engine_of(pod->settings)->has_init,
                   leaves_something = pod->settings->n_joins > 0 || pod->settings->mds_register || !has_init ||
                                      pod_has_log_files(pod->manifest);
        const char *unit = strempty(pod->settings->unit);

        context_end_processes(c);
        if (startswith(unit, "pod@"))
                return launch_in_unit(c, pod, plan);
        if (has_init)
                warn_of_kill_mode(unit);
        /* Units of our own clean up with ExecStopPost=. */
        if (leaves_something)
                (void) start_follower(c, pod);
        return pod_launch(pod, plan);
}
