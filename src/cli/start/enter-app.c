/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "cli/start/app-files.h"
#include "cli/start/enter-app.h"
#include "cli/start/interrupts.h"
#include "cli/start/pod-connect.h"
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
        Terminal *terminal;
        char *unit;
        char *program;
        char **command; /* the launcher's */
        char *main_pid; /* of the app, as the pod numbers it; NULL: it has ended */
        AppIdentity identity;
        bool as_root;
} Enter;

static void enter_done(Enter *e)
{
        terminal_free(e->terminal);
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

static int choose_app(Enter *e, const char *name)
{
        if (!name && e->plan->n_apps > 1)
                return log_error_errno(EINVAL, "Pod '%s' has several apps; choose one with --app",
                                       pod_display_name(e->pod));

        for (size_t i = 0; i < e->plan->n_apps; i++)
                if (!name || streq(e->plan->apps[i].app->name, name))
                        e->app = &e->plan->apps[i];
        return e->app ? 0 : log_error_errno(ENOENT, "Pod '%s' has no app '%s'", pod_display_name(e->pod), name);
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

/* A terminal of the pod's own devpts, so that programs in there can name it. */
static int open_terminal(Enter *e)
{
        uid_t owner;
        int r;

        r = pod_uid_base(e->pod, &owner);
        if (r < 0)
                return log_error_errno(r, "Cannot get a terminal from the pod: %m");
        r = terminal_new_in_pod(e->event, e->leader, owner, &e->terminal);
        return r < 0 ? log_error_errno(r, "Cannot get a terminal from the pod: %m") : 0;
}

static int add_terminal(const Enter *e, char ***properties)
{
        static const char *const lines[] = { "StandardInput=tty", "StandardOutput=tty", "StandardError=tty" };
        int r;

        /* To the host's systemd, it is in the app's root. */
        if (e->engine->has_init)
                r = strv_extendf(properties, "TTYPath=%s", terminal_path(e->terminal));
        else
                r = strv_extendf(properties, "TTYPath=/proc/%i/root%s", e->leader, terminal_path(e->terminal));
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(lines); i++) {
                r = strv_extend(properties, lines[i]);
                if (r < 0)
                        return r;
        }
        return 0;
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
                r = strv_extendf(&e->identity.binds, "%s:%s", source, target);
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
        _cleanup_strv_free_ char **mounts = NULL;
        int r;

        r = strv_extendf(properties, "RootDirectory=" POD_STAGE2_DIR "/%s/rootfs", e->app->app->name);
        if (r < 0)
                return r;
        r = strv_extend(properties, "MountAPIVFS=yes");
        if (r < 0)
                return r;
        r = app_launch_mounts(e->app, &mounts);
        if (r < 0)
                return r;
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
        if (e->terminal)
                r = add_terminal(e, &properties);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(common); i++) {
                r = strv_extend(&properties, common[i]);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(properties);
        return 0;
}

static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        Enter *e = userdata;

        (void) sd_bus_call_method_async(e->bus, NULL, bus_systemd_manager.destination, bus_systemd_manager.path,
                                        bus_systemd_manager.interface, "KillUnit", NULL, NULL, "ssi", e->unit, "all",
                                        (int32_t) si->ssi_signo);
        return 0;
}

static int wait_for_command(const Enter *e, UnitWait *wait, const char *job, const char **ret_result, UnitStatus *ret)
{
        int r;

        r = unit_wait_started(wait, job, ret_result);
        if (r < 0)
                return r;
        if (e->terminal)
                r = terminal_enable_input(e->terminal);
        return r < 0 ? r : unit_wait_ended(wait, ret);
}

static int run_command(Enter *e)
{
        static const int stdio[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
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
        r = transient_unit_start(e->bus,
                                 &(TransientUnit) { .name = e->unit, .properties = properties, .start = e->command,
                                                    .stdio = e->terminal ? NULL : stdio },
                                 &job, &error);
        if (r < 0)
                return log_error_errno(r, "Cannot run the command: %s", bus_error_text(&error, r));

        r = wait_for_command(e, wait, job, &result, &status);
        if (r < 0)
                return log_error_errno(r, "Lost the pod: %m");
        if (!streq(result, "done") && status.exit_status >= 200)
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

static int find_main_process(Enter *e)
{
        _cleanup_free_ char *unit = strjoin(e->app->app->name, ".service");
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint32_t pid = 0;
        int r;

        if (!unit)
                return log_oom();
        if (!e->engine->has_init) {
                e->main_pid = strprintf("%i", e->leader);
                return e->main_pid ? 0 : log_oom();
        }
        r = get_main_pid(e, unit, &error, &pid);
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
        if (r < 0)
                return r;
        e->unit = strprintf("%senter-%.8s.service", e->engine->has_init ? "" : "podctl-", uuid.s);
        return e->unit ? 0 : -ENOMEM;
}

static int enter(Enter *e, char **command)
{
        int r;

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

        if (isatty(STDIN_FILENO)) {
                r = open_terminal(e);
                if (r < 0)
                        return r;
        }
        return run_command(e);
}

int enter_app(Context *c, const char *pod, const char *app, bool as_root, char **command)
{
        _cleanup_(enter_done) Enter e = { .as_root = as_root };
        _cleanup_free_ char *message = NULL;
        int r;

        r = context_find_pod(c, pod, &e.pod);
        if (r < 0)
                return r;
        if (e.pod->state != POD_RUNNING)
                return log_error_errno(ESRCH, "Pod '%s' is not running, but %s", pod,
                                       pod_state_to_string(e.pod->state));
        e.engine = pod_engine(e.pod);
        r = pod_plan_of_running(e.pod, &e.plan, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot plan the pod");
        r = choose_app(&e, app);
        return r < 0 ? r : enter(&e, command);
}
