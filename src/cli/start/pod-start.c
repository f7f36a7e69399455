/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <systemd/sd-login.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "cli/start/attached-run.h"
#include "cli/start/interrupts.h"
#include "cli/start/pod-handover.h"
#include "cli/start/pod-start.h"
#include "cli/terminal/pod-output.h"
#include "cli/terminal/unit-words.h"
#include "cli/verb.h"
#include "config.h"
#include "pod/engine.h"
#include "pod/plan-stdio.h"
#include "unit/quick-moves.h"
#include "unit/transient-unit.h"
#include "unit/unit-wait.h"

#define PODCTL_PROGRAM BINDIR "/podctl"

bool pod_takes_our_place(bool detach)
{
        const char *text = getenv("SYSTEMD_EXEC_PID");
        _cleanup_free_ char *unit = NULL, *type = NULL;
        uint32_t pid;

        if (!text || parse_uint32(text, &pid) < 0 || (pid_t) pid != getpid() || sd_pid_get_unit(0, &unit) < 0 ||
            !endswith(unit, ".service"))
                return false;
        return !detach || unit_service_type(unit, &type) < 0 || (!streq(type, "oneshot") && !streq(type, "forking"));
}

typedef struct Start {
        Context *context;
        Pod *pod;
        const StartOptions *options;
        const PodPlan *plan;
        char *unit;
        sd_bus *bus;
        sd_event *event;
        uint64_t began_usec; /* since the epoch */
        const char *job_result; /* what became of the unit's start */
        unsigned interrupts;
        AttachedRun *attached;
        PodOutput *output;
        PodHandover *handover;
        bool apps_ended; /* with this status: nothing is left that somebody could wait for */
        int apps_status;
        bool left; /* with this status: who was attached goes, and the pod stays */
        int left_status;
} Start;

/* Ends the event loop, so that unit_wait_started() and unit_wait_ended() return -ECANCELED. */
static void leave(Start *s, int status)
{
        s->left = true;
        s->left_status = status;
        (void) sd_event_exit(s->event, 0);
}

static void on_left(void *userdata)
{
        leave(userdata, 0);
}

/* The first Ctrl-C stops the pod in order, the third kills it. A terminal that is lost ends no pod. */
static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        Start *s = userdata;

        if (s->attached && si->ssi_signo == SIGHUP) {
                leave(s, 128 + SIGHUP);
                return 0;
        }
        if (s->options->ret_interrupt)
                *s->options->ret_interrupt = (int) si->ssi_signo;
        if (++s->interrupts == 1)
                (void) sd_bus_call_method_async(s->bus, NULL, bus_systemd_manager.destination,
                                                bus_systemd_manager.path, bus_systemd_manager.interface, "StopUnit",
                                                NULL, NULL, "ss", s->unit, "replace");
        else if (s->interrupts == 3)
                (void) sd_bus_call_method_async(s->bus, NULL, bus_systemd_manager.destination,
                                                bus_systemd_manager.path, bus_systemd_manager.interface, "KillUnit",
                                                NULL, NULL, "ssi", s->unit, "all", SIGKILL);
        return 0;
}

/* All properties that the plan has, and those that we need while we wait for the unit. */
static int unit_properties(const PodPlan *plan, char ***ret)
{
        _cleanup_strv_free_ char **properties = strv_copy(plan->unit_properties);
        int r;

        if (!properties)
                return -ENOMEM;

        for (size_t i = 0; i < plan->n_apps; i++) {
                r = strv_extend_strv(&properties, plan->apps[i].devices);
                if (r < 0)
                        return r;
        }
        /* Keeps the unit's last state for us to read, until we disconnect. */
        r = strv_extend(&properties, "AddRef=yes");
        if (r < 0)
                return r;

        *ret = TAKE_PTR(properties);
        return 0;
}

static int launch_command(const Start *s, char ***ret)
{
        _cleanup_free_ char *data = strjoin("--dir=", s->pod->store->data);
        char *const words[] = { (char *) PODCTL_PROGRAM, data, (char *) "launch", s->pod->uuid.s, NULL };
        int r;

        if (!data)
                return -ENOMEM;
        r = strv_extend_strv(ret, words);
        return r < 0 || !s->context->debug ? r : strv_extend(ret, "--debug");
}

static int tear_down_command(const Start *s, char ***ret)
{
        _cleanup_free_ char *data = strjoin("--dir=", s->pod->store->data);
        char *const words[] = { (char *) PODCTL_PROGRAM, data, (char *) "tear-down", s->pod->uuid.s, NULL };

        return data ? strv_extend_strv(ret, words) : -ENOMEM;
}

/* How long to wait for the name of a pod that has ended, until systemd is done with its unit. */
#define NAME_PATIENCE_USEC (5 * USEC_PER_SEC)

/* Its pidfd reports the end before systemd has noticed it. */
static bool has_ended(uint32_t pid)
{
        _cleanup_close_ int pidfd = pid > 0 ? (int) syscall(SYS_pidfd_open, (pid_t) pid, 0) : -EBADF;

        if (pidfd < 0)
                return pid > 0 && errno == ESRCH;
        return poll(&(struct pollfd) { .fd = pidfd, .events = POLLIN }, 1, 0) > 0;
}

static bool name_is_being_freed(Start *s)
{
        UnitStatus status = {};
        Uuid holder;
        bool ending;
        int r;

        r = unit_get_status(s->bus, s->unit, &status);
        ending = pod_name_is_ending(s->pod->settings->name, &holder) || r == -ENOENT ||
                 (r >= 0 && (!status.active || status.exit_code != 0 || has_ended(status.main_pid)));
        unit_status_done(&status);
        return ending;
}

static int start_unit(Start *s, UnitWait *wait, const TransientUnit *unit, char **ret_job, sd_bus_error *reterr_error)
{
        const uint64_t deadline = now_monotonic_usec() + NAME_PATIENCE_USEC;

        for (;;) {
                int r = transient_unit_start(s->bus, unit, ret_job, reterr_error), k;

                if (r != -EEXIST || !name_is_being_freed(s))
                        return r;
                k = unit_wait_removed(wait, deadline);
                if (k == -ETIMEDOUT)
                        return r;
                if (k < 0)
                        return k;
                sd_bus_error_free(reterr_error);
        }
}

static int start_job(Start *s, UnitWait *wait, char **ret_job)
{
        _cleanup_strv_free_ char **properties = NULL, **start = NULL, **stop_post = NULL;
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        pod_warn_of_host(s->pod, s->plan);
        if (unit_properties(s->plan, &properties) < 0 || launch_command(s, &start) < 0 ||
            tear_down_command(s, &stop_post) < 0)
                return log_oom();

        r = start_unit(s, wait, &(TransientUnit) {
                .name = s->unit, .properties = properties, .start = start, .stop_post = stop_post,
        }, ret_job, &error);
        if (r == -EEXIST)
                return log_error_errno(r, "The name '%s' is in use: there is a unit %s already",
                                       s->pod->settings->name, s->unit);
        return r < 0 ? log_error_errno(r, "Cannot make unit %s: %s", s->unit, bus_error_text(&error, r)) : 0;
}

/* The pod as it is on disk now, for what it has recorded there. */
static Pod *pod_that_ended(const Start *s)
{
        Pod *pod = NULL;

        return pod_open(s->pod->store, &s->pod->uuid, &pod) >= 0 ? pod : NULL;
}

static void tell_never_started(const Start *s, const Pod *pod)
{
        _cleanup_strv_free_ char **names = NULL;

        (void) pod_never_started(pod, &names);
        STRV_FOREACH(name, names)
                log_error("App '%s' of pod '%s' was never started; 'podctl logs --all %s' may say why", *name,
                          pod_display_name(s->pod), s->pod->uuid.s);
}

/* Reports what went wrong. If the pod never came up, only the processes of its unit could say why. True: its apps have
 * records. */
static bool tell_trouble(const Start *s)
{
        _cleanup_(pod_freep) Pod *pod = pod_that_ended(s);

        if (pod && pod_has_records(pod)) {
                if (pod_reached_deadline(pod))
                        log_error("Pod '%s' was stopped, since its time was over: --deadline or the annotation "
                                  "podctl/deadline", pod_display_name(s->pod));
                tell_never_started(s, pod);
                return true;
        }
        (void) unit_words_tell(s->unit, s->began_usec);
        log_error("Pod '%s' ended, and nothing is known about its apps; see 'journalctl -u %s'",
                  pod_display_name(s->pod), s->unit);
        return false;
}

static void tell_cut_off(const Start *s, const UnitStatus *status)
{
        log_error("Pod '%s' was cut off: unit %s ended with '%s'", pod_display_name(s->pod), s->unit,
                  strempty(status->result));
}

/* It is a success only if all agree: systemd, the pod's exit status and, for callers that wait for it, that it was
 * ready. */
static int report_exited(const Start *s, const UnitStatus *status, bool was_ready)
{
        int n = status->exit_status == engine_of(s->pod->settings)->success_status ? 0 : status->exit_status;

        if (n != 0) {
                if (!tell_trouble(s))
                        return EXIT_PODCTL_FAILED;
                /* Who does not see the output has not seen why. */
                if (!was_ready && s->options->detach && n == EXIT_PODCTL_FAILED)
                        log_error("Pod '%s' ended before it was ready", pod_display_name(s->pod));
                return n;
        }
        if (!streq_ptr(status->result, "success")) {
                tell_cut_off(s, status);
                return EXIT_PODCTL_FAILED;
        }
        if (!was_ready && s->options->detach) {
                log_error("Pod '%s' ended before it was ready", pod_display_name(s->pod));
                return EXIT_PODCTL_FAILED;
        }
        return 0;
}

/* Without an init in the pod, its app may well end by a signal, and what cleaned up has recorded what that means. */
static bool was_recorded(const Start *s, int *ret)
{
        _cleanup_(pod_freep) Pod *pod = engine_of(s->pod->settings)->has_init ? NULL : pod_that_ended(s);

        return pod && pod_exit_status(pod, ret) >= 0;
}

/* The unit's end as an exit status; what went wrong before the pod was there is reported here. */
static int report_end(const Start *s, const UnitStatus *status, bool was_ready)
{
        const char *words = status->status_text ? startswith(status->status_text, POD_STATUS_PREFIX) : NULL;
        int recorded;

        if (words && status->exit_status == EXIT_PODCTL_FAILED) {
                if (*words)
                        log_error("%s", words);
                return EXIT_PODCTL_FAILED;
        }
        if (was_recorded(s, &recorded))
                return recorded;
        if (status->exit_code == CLD_EXITED)
                return report_exited(s, status, was_ready);
        if (status->exit_code == CLD_KILLED || status->exit_code == CLD_DUMPED) {
                /* A user who pressed Ctrl-C three times knows. */
                if (s->interrupts < 3)
                        tell_cut_off(s, status);
                return 128 + status->exit_status;
        }
        if (s->interrupts > 0)
                return 128 + SIGINT;
        /* A unit whose start was not even tried has no failure of its own. */
        log_error("Pod '%s' did not run: unit %s ended with '%s'", pod_display_name(s->pod), s->unit,
                  streq_ptr(status->result, "success") ? s->job_result : strempty(status->result));
        return EXIT_PODCTL_FAILED;
}

static int finish_output(Start *s, int exit_status)
{
        int r = s->output ? pod_output_finish(s->output) : 0, k = s->attached ? attached_run_finish(s->attached) : 0;

        r = r < 0 ? r : k;
        if (r < 0)
                (void) log_error_errno(r, "Cannot write what the pod's apps wrote: %m; 'podctl logs %s' has it",
                                       s->pod->uuid.s);
        return r < 0 && exit_status == 0 ? EXIT_PODCTL_FAILED : exit_status;
}

/* Whoever leaves has seen what there was until then, or is told that it is lost. */
static int leave_output(Start *s)
{
        int r = s->attached ? attached_run_finish(s->attached) : 0;

        if (r < 0)
                (void) log_error_errno(r, "Cannot write what the pod's apps wrote: %m; 'podctl logs %s' has it",
                                       s->pod->uuid.s);
        return r < 0 && s->left_status == 0 ? EXIT_PODCTL_FAILED : s->left_status;
}

static int wait_for_end(Start *s, UnitWait *wait, bool was_ready)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        int r, written;

        r = unit_wait_ended(wait, &status);
        if (s->left)
                return leave_output(s);
        if (s->apps_ended)
                return finish_output(s, s->apps_status);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", s->unit);
        written = finish_output(s, 0);
        r = report_end(s, &status, was_ready);
        return r == 0 ? written : r;
}

/* Ends the event loop, so that unit_wait_started() and unit_wait_ended() return -ECANCELED. */
static void on_apps_ended(int exit_status, void *userdata)
{
        Start *s = userdata;
        _cleanup_(pod_freep) Pod *pod = pod_that_ended(s);

        if (!pod || pod_record_exit(pod, exit_status) < 0)
                return;
        s->apps_ended = true;
        s->apps_status = exit_status;
        (void) sd_event_exit(s->event, 0);
}

/* Handlers of the end of an app run after it, and write, too. */
static bool ends_with_its_apps(const PodPlan *plan)
{
        for (size_t i = 0; i < plan->n_apps; i++)
                if (strv_length(plan->apps[i].app->app->post_stop) > 0)
                        return false;
        return true;
}

static int start_and_wait(Start *s, UnitWait *wait)
{
        _cleanup_free_ char *job = NULL;
        int r;

        r = start_job(s, wait, &job);
        if (r < 0)
                return r;
        r = unit_wait_started(wait, job, &s->job_result);
        quick_moves_end();
        if (s->left)
                return s->left_status;
        if (s->apps_ended)
                return finish_output(s, s->apps_status);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", s->unit);

        if (s->options->detach && streq(s->job_result, "done")) {
                (void) puts(s->pod->uuid.s);
                return 0;
        }
        return wait_for_end(s, wait, streq(s->job_result, "done"));
}

static void start_done(Start *s)
{
        attached_run_free(s->attached);
        pod_output_free(s->output);
        pod_handover_free(s->handover);
        sd_event_unref(s->event);
        free(s->unit);
}

static int watch(Start *s, UnitWait **ret)
{
        int r;

        r = sd_event_default(&s->event);
        if (r < 0)
                return r;
        r = interrupts_watch(s->event, on_interrupt, s);
        if (r < 0)
                return r;
        r = pod_handover_new(s->event, s->pod, &s->handover);
        return r < 0 ? r : unit_wait_new(s->bus, s->event, s->unit, ret);
}

static int be_attached(Start *s)
{
        DetachKeys keys;
        int r = detach_keys_option(s->options->detach_keys, &keys);

        return r < 0 ? r : attached_run_new(s->event, s->pod, &keys, on_left, s, &s->attached);
}

int pod_start_unit(Context *c, Pod *pod, const PodPlan *plan, const StartOptions *options)
{
        _cleanup_(start_done) Start s = { .context = c, .pod = pod, .plan = plan, .options = options,
                                          .began_usec = now_nsec() / NSEC_PER_USEC };
        _cleanup_(unit_wait_freep) UnitWait *wait = NULL;
        int r;

        s.unit = strdup(pod->settings->unit);
        if (!s.unit)
                return log_oom();
        if (!options->detach && (r = pod_hold(pod)) < 0)
                return log_error_errno(r, "Cannot hold pod %s: %m", pod->uuid.s);
        r = context_bus(c, &s.bus);
        if (r < 0)
                return r;
        r = watch(&s, &wait);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", s.unit);

        if (plan_app_is_attached(pod->settings))
                r = be_attached(&s);
        /* Also for what goes wrong before the app has its terminal or streams. */
        if (r >= 0 && !options->detach)
                r = pod_output_new(s.event, pod, &s.output);
        if (r < 0)
                return log_error_errno(r, "Cannot connect to the pod's output: %m");
        if (s.output && !s.attached && ends_with_its_apps(plan))
                pod_output_on_ends(s.output, on_apps_ended, &s);

        return start_and_wait(&s, wait);
}
