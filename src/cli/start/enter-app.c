/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "cli/start/app-files.h"
#include "cli/start/choose-app.h"
#include "cli/start/enter-app.h"
#include "cli/start/interrupts.h"
#include "cli/start/pod-connect.h"
#include "cli/terminal/command-streams.h"
#include "cli/terminal/terminal.h"
#include "pod/engine.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"
#include "stage1/app-launch.h"
#include "unit/transient-unit.h"
#include "unit/unit-wait.h"

/* A command beside an app's own: one more transient service of the pod's systemd, whose process joins the app, see
 * app-exec.c. If the app has ended, there is nothing to join, and the service itself has the app's root and
 * confinement. Nothing of ours enters the pod's namespaces except the connection to its systemd, which needs neither a
 * bus in the pod nor machined. */

typedef struct Enter {
        Pod *pod;
        const Engine *engine;
        PodPlan *plan;
        const PlanApp *app;
        pid_t leader;
        sd_bus *bus; /* of the pod's systemd, or of the host's if the pod has none */
        sd_event *event;
        Terminal *terminal;      /* or NULL */
        CommandStreams *streams; /* or NULL */
        char *unit;
        char *program;
        char **command; /* the launcher's */
        char *main_pid; /* of the app, as the pod numbers it; NULL: it has ended */
        AppIdentity identity;
        bool as_root;
        bool on_terminal; /* standard input, output and error are, and the command gets its own */
        bool asked;       /* the command was, to end */
        uint64_t usec;  /* how long the command may take; UINT64_MAX: as long as it wants */
} Enter;

static void enter_done(Enter *e)
{
        terminal_free(e->terminal);
        command_streams_free(e->streams);
        sd_event_unref(e->event);
        sd_bus_flush_close_unref(e->bus);
        pod_plan_free(e->plan);
        pod_free(e->pod);
        strv_free(e->command);
        app_identity_done(&e->identity);
        free(e->program);
        free(e->main_pid);
        free(e->unit);
}

static int open_app_root(const Enter *e)
{
        _cleanup_free_ char *path = NULL;

        if (!e->engine->has_init)
                return app_root_open(e->pod, e->app->app->name);
        path = strprintf("/proc/%i/root" POD_STAGE2_DIR "/%s/rootfs", e->leader, e->app->app->name);
        return path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
}

/* Finds the app's user; the app's own program need not be there any more. */
static int identify(Enter *e, int root)
{
        _cleanup_free_ char *message = NULL;
        uid_t shift;
        int r;

        if (e->as_root)
                return 0;
        if (pod_uid_base(e->pod, &shift) < 0)
                return log_error_errno(EINVAL, "Pod '%s' has no valid user IDs", pod_display_name(e->pod));
        r = app_identify_user(e->app, root, shift, &e->identity, &message);
        return r < 0 ? log_explained(r, message, "Cannot find the user of app '%s'", e->app->app->name) : 0;
}

/* The path of the program; without a name, that of a shell, as in rkt. */
static int find_program(const Enter *e, int root, const char *name, char **ret)
{
        static const char *const shells[] = { "bash", "sh" };
        int r;

        if (name)
                return app_find_program(e->app, root, name, ret);
        for (size_t i = 0; i < ELEMENTSOF(shells); i++) {
                r = app_find_program(e->app, root, shells[i], ret);
                if (r != -ENOENT)
                        return r;
        }
        return -ENOENT;
}

static int check_program(const Enter *e, int root)
{
        _cleanup_close_ int fd = open_in_root(root, e->program, O_PATH);

        return MIN(fd, 0);
}

/* The launcher's words, followed by the command that it executes. */
static int make_command(Enter *e, char *const *arguments)
{
        const char *term = getenv("TERM");
        int r;

        r = e->main_pid ? app_join_words(e->app, &e->identity, e->as_root, e->main_pid, &e->command)
                        : app_launch_words(e->app, &e->identity, e->as_root, &e->command);
        if (r < 0)
                return r;
        r = strv_extendf(&e->command, "--env=TERM=%s", isempty(term) ? "vt100" : term);
        if (r >= 0 && e->on_terminal)
                r = strv_extend(&e->command, "--terminal=own");
        if (r < 0)
                return r;
        r = strv_extend_strv(&e->command, (char *const[]) { (char *) "--", e->program, e->program, NULL });
        return r < 0 ? r : strv_extend_strv(&e->command, arguments);
}

static int choose_program(Enter *e, int root, const char *name)
{
        int r = find_program(e, root, name, &e->program);

        return r < 0 ? r : check_program(e, root);
}

static int find_command(Enter *e, char **words)
{
        _cleanup_close_ int root = open_app_root(e);
        int r;

        r = root < 0 ? root : choose_program(e, root, *words);
        if (r == -ENOENT)
                return log_error_errno(r, "App '%s' has no program '%s'", e->app->app->name, *words ?: "sh");
        if (r < 0)
                return log_error_errno(r, "Cannot look into app '%s': %m", e->app->app->name);

        r = identify(e, root);
        if (r < 0)
                return r;
        return make_command(e, *words ? words + 1 : words) < 0 ? log_oom() : 0;
}

static int get_binds(Enter *e, const char *unit, sd_bus_error *reterr_error)
{
        _cleanup_bus_message_ sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        if (r < 0)
                return r;
        r = sd_bus_get_property(e->bus, bus_systemd_manager.destination, path, "org.freedesktop.systemd1.Service",
                                "BindPaths", reterr_error, &m, "a(ssbt)");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "(ssbt)");
        if (r < 0)
                return r;
        for (;;) {
                const char *source, *target;
                uint64_t flags;
                int ignore;

                r = sd_bus_message_read(m, "(ssbt)", &source, &target, &ignore, &flags);
                if (r <= 0)
                        return r;
                /* What its unit takes over from the pod is nothing of the app's own. */
                r = streq(source, target) ? 0 : strv_extendf(&e->identity.binds, "%s:%s", source, target);
                if (r < 0)
                        return r;
        }
}

/* Reads what the app's unit binds. The sources were chosen when the pod started, and are only known from there. */
static int read_binds(Enter *e)
{
        _cleanup_free_ char *unit = strjoin(e->app->app->name, ".service");
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        if (!unit)
                return log_oom();
        r = get_binds(e, unit, &error);
        return r < 0 ? log_error_errno(r, "Cannot find out what is mounted in app '%s': %s", e->app->app->name,
                                       bus_error_text(&error, r)) : 0;
}

/* The same as the app's own unit has; see app-unit.c. */
static int add_root(const Enter *e, char ***properties)
{
        _cleanup_strv_free_ char **kernel = NULL, **mounts = NULL;
        int r;

        r = strv_extendf(properties, "RootDirectory=" POD_STAGE2_DIR "/%s/rootfs", e->app->app->name);
        if (r < 0)
                return r;
        r = strv_extend(properties, "MountAPIVFS=no");
        if (r < 0)
                return r;
        r = app_launch_kernel_mounts(e->identity.binds, &kernel);
        if (r >= 0)
                r = app_launch_mounts(e->app, &mounts);
        if (r < 0)
                return r;
        STRV_FOREACH(mount, kernel) {
                r = strv_extendf(properties, "BindPaths=%s", *mount);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(mount, mounts) {
                r = strv_extendf(properties, "BindReadOnlyPaths=%s", *mount);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(bind, e->identity.binds) {
                r = strv_extendf(properties, "BindPaths=%s", *bind);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int unit_properties(const Enter *e, char ***ret)
{
        static const char *const common[] = { "Type=exec", "CollectMode=inactive-or-failed" };
        _cleanup_strv_free_ char **properties = NULL;
        int r;

        r = strv_extendf(&properties, "Description=Entered app %s", e->app->app->name);
        if (r < 0)
                return r;
        if (!e->main_pid)
                r = add_root(e, &properties);
        if (r < 0)
                return r;
        STRV_FOREACH(line, e->app->limits) {
                if (!startswith(*line, PLAN_RLIMIT))
                        r = strv_extend(&properties, *line);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(common); i++) {
                r = strv_extend(&properties, common[i]);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(properties);
        return 0;
}

static void send_signal(const Enter *e, int signal)
{
        (void) sd_bus_call_method_async(e->bus, NULL, bus_systemd_manager.destination, bus_systemd_manager.path,
                                        bus_systemd_manager.interface, "KillUnit", NULL, NULL, "ssi", e->unit, "all",
                                        (int32_t) signal);
}

/* Who asks twice means it. */
static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        Enter *e = userdata;
        bool again = si->ssi_signo == SIGTERM && e->asked;

        e->asked |= si->ssi_signo == SIGTERM;
        send_signal(e, again ? SIGKILL : (int) si->ssi_signo);
        return 0;
}

static int on_time_over(sd_event_source *source, uint64_t usec, void *userdata)
{
        send_signal(userdata, SIGKILL);
        return 0;
}

static int limit_time(Enter *e)
{
        return e->usec == UINT64_MAX ? 0
                                     : sd_event_add_time_relative(e->event, NULL, CLOCK_MONOTONIC, e->usec, 1000,
                                                                  on_time_over, e);
}

static int wait_for_command(UnitWait *wait, const char *job, const char **ret_result, UnitStatus *ret)
{
        int r = unit_wait_started(wait, job, ret_result);

        return r < 0 ? r : unit_wait_ended(wait, ret);
}

static int make_streams(Enter *e)
{
        uid_t base;
        int r = pod_uid_base(e->pod, &base);

        if (r >= 0)
                r = e->on_terminal ? terminal_new(e->event, &e->terminal)
                                   : command_streams_new(e->event, base + (e->as_root ? 0 : e->identity.uid), base > 0,
                                                         &e->streams);
        return r < 0 ? log_error_errno(r, "Cannot prepare for the input and output of the command: %m") : 0;
}

static int streams_started(Enter *e)
{
        if (e->streams)
                return command_streams_started(e->streams);
        terminal_started(e->terminal);
        return 0;
}

static int run_command(Enter *e)
{
        int stdio[3];
        _cleanup_strv_free_ char **properties = NULL;
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(unit_status_done) UnitStatus status = {};
        _cleanup_(unit_wait_freep) UnitWait *wait = NULL;
        _cleanup_free_ char *job = NULL;
        const char *result;
        int r;

        r = unit_properties(e, &properties);
        if (r < 0)
                return log_oom();
        r = unit_wait_new(e->bus, e->event, e->unit, &wait);
        if (r < 0)
                return log_error_errno(r, "Cannot watch unit %s: %m", e->unit);
        for (int i = 0; i < 3; i++)
                stdio[i] = e->streams ? command_streams_fds(e->streams)[i] : terminal_socket(e->terminal);
        r = transient_unit_start(e->bus,
                                 &(TransientUnit) { .name = e->unit, .properties = properties, .start = e->command,
                                                    .stdio = stdio },
                                 &job, &error);
        if (r < 0)
                return log_error_errno(r, "Cannot run the command: %s", bus_error_text(&error, r));
        r = streams_started(e);
        if (r < 0)
                return log_error_errno(r, "Cannot pass on the output of the command: %m");

        r = wait_for_command(wait, job, &result, &status);
        if (r < 0)
                return log_error_errno(r, "Lost the pod: %m");
        if ((!streq(result, "done") || (e->terminal && !terminal_is_there(e->terminal))) && status.exit_status >= 200)
                return log_error_errno(ENOEXEC, "Cannot execute %s in app '%s'", e->program, e->app->app->name);
        return status.exit_code == CLD_EXITED ? status.exit_status : 128 + status.exit_status;
}

static int get_main_pid(const Enter *e, const char *unit, sd_bus_error *reterr_error, uint32_t *ret)
{
        _cleanup_free_ char *path = NULL;
        int r;

        r = sd_bus_path_encode("/org/freedesktop/systemd1/unit", unit, &path);
        if (r < 0)
                return r;
        return sd_bus_get_property_trivial(e->bus, bus_systemd_manager.destination, path,
                                           "org.freedesktop.systemd1.Service", "MainPID", reterr_error, 'u', ret);
}

/* Without an init, it is the leader, in whatever unit. */
static int find_main_process(Enter *e)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint32_t pid = (uint32_t) e->leader;
        int r = e->engine->has_init ? get_main_pid(e, e->app->unit, &error, &pid) : 0;

        if (r < 0)
                return log_error_errno(r, "Cannot find app '%s': %s", e->app->app->name, bus_error_text(&error, r));
        if (pid == 0)
                return 0;
        e->main_pid = strprintf("%u", pid);
        return e->main_pid ? 0 : log_oom();
}

static int connect_pod(Enter *e)
{
        int r = pod_connect(e->pod, &e->bus);

        if (r < 0)
                return r;
        r = pod_leader_pid(e->pod, &e->leader);
        if (r < 0)
                return log_error_errno(r, "Cannot connect to the service manager of pod '%s': %m",
                                       e->pod->settings->name);
        return find_main_process(e);
}

static int prepare_command(Enter *e)
{
        Uuid uuid;
        int r;

        r = uuid_new(&uuid);
        if (r < 0)
                return r;
        r = sd_event_default(&e->event);
        if (r < 0)
                return r;
        r = interrupts_watch(e->event, on_interrupt, e);
        if (r >= 0)
                r = limit_time(e);
        if (r < 0)
                return r;
        e->unit = strprintf("%senter-%.8s.service", e->engine->unit_prefix, uuid.s);
        return e->unit ? 0 : -ENOMEM;
}

/* What lost a part of its output has not succeeded. */
static int finish_streams(Enter *e, int status)
{
        int r = e->streams ? command_streams_finish(e->streams) : 0;

        if (r < 0)
                (void) log_error_errno(r, "Cannot write what the command wrote: %m");
        return r < 0 && status == 0 ? r : status;
}

static int enter(Enter *e, char **command)
{
        int r;

        e->on_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
        r = connect_pod(e);
        if (r < 0)
                return r;
        r = find_command(e, command);
        if (r < 0)
                return r;
        if (!e->main_pid)
                r = read_binds(e);
        if (r < 0)
                return r;

        r = prepare_command(e);
        if (r < 0)
                return log_error_errno(r, "Cannot prepare for the command: %m");

        r = make_streams(e);
        return r < 0 ? r : finish_streams(e, run_command(e));
}

static int enter_pod(Context *c, Enter *e, const char *pod, const char *app, char **command)
{
        _cleanup_free_ char *message = NULL;
        int r = context_find_pod(c, pod, &e->pod);

        if (r < 0)
                return r;
        if (e->pod->state != POD_RUNNING)
                return log_error_errno(ESRCH, "Pod '%s' is not running, but %s", pod,
                                       pod_state_to_string(e->pod->state));
        e->engine = pod_engine(e->pod);
        r = pod_plan_of_running(e->pod, &e->plan, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot plan the pod");
        r = choose_planned_app(e->pod, e->plan, app, &e->app);
        return r < 0 ? r : enter(e, command);
}

int enter_app(Context *c, const char *pod, const char *app, bool as_root, char **command)
{
        _cleanup_(enter_done) Enter e = { .as_root = as_root, .usec = UINT64_MAX };

        return enter_pod(c, &e, pod, app, command);
}

int enter_app_for(Context *c, const char *pod, const char *app, uint64_t usec, char **command)
{
        _cleanup_(enter_done) Enter e = { .usec = usec };

        return enter_pod(c, &e, pod, app, command);
}
