/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <signal.h>

#include "basic/signal-util.h"
#include "config.h"
#include "stage1/app-attach.h"
#include "stage1/app-beside.h"
#include "stage1/app-launch.h"
#include "stage1/app-unit.h"

/* Of PID 1 of the pod. */
#define NOTIFY_SOCKET_PATH "/run/systemd/notify"

int unit_quote(const char *s, char **ret)
{
        char *quoted = malloc(strlen(s) * 4 + 3), *p = quoted;

        if (!quoted)
                return -ENOMEM;

        *p++ = '"';
        for (; *s; s++) {
                unsigned char c = (unsigned char) *s;

                if (c < ' ' || c == 127)
                        p += sprintf(p, "\\x%02x", c);
                else {
                        if (c == '"' || c == '\\')
                                *p++ = '\\';
                        if (c == '%')
                                *p++ = '%';
                        *p++ = *s;
                }
        }
        *p++ = '"';
        *p = 0;

        *ret = quoted;
        return 0;
}

/* The launcher, and where it reads what it is to become: nothing of that can be too long for a unit, is expanded by
 * systemd, or can be read in a list of processes. */
static void print_exec(FILE *f, const char *key, const char *words)
{
        (void) fprintf(f, "%s=%s:" LAUNCH_BIN "/" LAUNCH_PROGRAM " --words=" LAUNCH_FILES "/%s\n", key,
                       streq(key, "ExecStop") ? "-" : "", words);
}

/* The check of another app, if there is one, has started when that app is ready. */
static void print_others(FILE *f, const PlanApp *app)
{
        STRV_FOREACH(other, app->after)
                (void) fprintf(f, "After=%s.service " HEALTH_UNIT "\n", *other, *other);
        STRV_FOREACH(other, app->requires)
                (void) fprintf(f, "Requires=%s.service\nAfter=%s.service " HEALTH_UNIT "\n", *other, *other, *other);
        if (app->pids_of)
                (void) fprintf(f, "After=%s.service\n", app->pids_of);
}

/* The kernel kills what records the end in the app's group, too, if that is killed as a whole: then another unit does
 * it. What is restarted has
 * its record when it ends for good, or is stopped before its restart. */
static void print_record(FILE *f, const PlanApp *app)
{
        const char *kind = app->leaves_pod ? "ended" : "failed", *name = app->app->name;

        /* A start waits for the record of the run before. */
        if (!app->restart)
                (void) fprintf(f, "OnFailure=podctl-%s@%s.service\nAfter=podctl-%s@%s.service\n", kind, name, kind,
                               name);
        else
                (void) fprintf(f, "OnSuccess=" STOPPED_UNIT "\n", name);
}

/* What has ended with success, for others to start, stays active, so that a restart of those does not start it again.
 * It does not keep the pod from ending, which the others do. */
static void print_unit_section(FILE *f, const PlanApp *app)
{
        (void) fprintf(f,
                       "[Unit]\n"
                       "Description=App %s\n"
                       "DefaultDependencies=no\n"
                       "Requires=systemd-journald.socket\n"
                       "%s"
                       "After=systemd-journald.socket podctl-apps.target\n"
                       "Conflicts=shutdown.target\nBefore=shutdown.target pod.target\n",
                       app->app->name, app->oneshot ? "" : "Wants=podctl-apps.target\n");
        if (app_handlers_wanted(app))
                (void) fprintf(f, "Requires=" HANDLERS_UNIT "\nAfter=" HANDLERS_UNIT "\n", app->app->name,
                               app->app->name);
        /* Not Requires=: if it is killed and comes again, that would start the app anew (systemd.unit(5)). */
        if (plan_app_is_attachable(app))
                (void) fprintf(f, "Wants=" ATTACH_UNIT "\nAfter=" ATTACH_UNIT "\n", app->app->name,
                               app->app->name);
        if (app_health_wanted(app) || app_backoff_wanted(app))
                (void) fprintf(f, "Wants=" BESIDE_TARGET "\nAfter=" BESIDE_TARGET "\n", app->app->name,
                               app->app->name);
        print_others(f, app);
        print_record(f, app);
        /* Neither restarts end because there are many of them; the pause between them is RestartSec= or the check's. */
        if (app->restart || streq(app->on_unhealthy, "restart"))
                (void) fputs("StartLimitIntervalSec=0\n", f);
        (void) fputc('\n', f);
}

/* The order matters for the end: first the hook, then the signal. */
static void print_hooks(FILE *f, const PlanApp *app)
{
        static const char *const keys[_APP_HOOK_MAX] = {
                [APP_HOOK_POST_START] = "ExecStartPost=+",
                [APP_HOOK_PRE_STOP] = "ExecStop=-+",
        };

        for (AppHook hook = 0; hook < _APP_HOOK_MAX; hook++)
                if (strv_length(app->app->app->hooks[hook]) > 0)
                        (void) fprintf(f, "%s" PKGLIBDIR "/app-hook " LAUNCH_DIRECTORY "/%s/%s\n", keys[hook],
                                       app->app->name, app_hook_files[hook]);
}

/* Where the launcher names another process as the main one, it also says when that has started. */
static const char *type_of(const PlanApp *app)
{
        if (app->oneshot)
                return "oneshot\nRemainAfterExit=yes";
        return app->notify || app->own_pids ? "notify" : "exec";
}

/* PID 1 of the pod has those that were there at its start, under such names; a file has the others'. */
static void print_credentials(FILE *f, const PlanApp *app)
{
        const char *name = app->app->name;

        for (size_t i = 0; i < app->app->n_credentials; i++) {
                const char *credential = app->app->credentials[i].name;

                if (app->late)
                        (void) fprintf(f, "LoadCredential=%s:" LAUNCH_DIRECTORY "/%s/" LAUNCH_CREDENTIALS "/%s.%s\n",
                                       credential, name, name, credential);
                else
                        (void) fprintf(f, "LoadCredential=%s:%s.%s\n", credential, name, credential);
        }
}

/* The record of the exit is written outside the app's root, by us; see app-exited.c. */
static void print_service_section(FILE *f, const PlanApp *app)
{
        const App *a = app->app->app;

        (void) fprintf(f,
                       "[Service]\n"
                       "Type=%s\n"
                       "SyslogIdentifier=%s\n"
                       "RootDirectory=" POD_STAGE2_DIR "/%s/rootfs\n"
                       "RootDirectoryStartOnly=yes\n"
                       "MountAPIVFS=no\n"
                       "TimeoutStartSec=infinity\n"
                       /* The kernel kills the process that exceeds the limit; losing a worker need not end the app. */
                       "OOMPolicy=%s\n"
                       /* The stop signal is for the app's main process; app-exited kills what is left after it. */
                       "KillMode=process\n"
                       "ExecStopPost=+" PKGLIBDIR "/app-exited %s %s%s%s%s\n",
                       type_of(app),
                       app->app->name, app->app->name, app->oom_group ? "kill" : "continue", app->app->name,
                       app->restart ?: "no", app->restart_limit ? " " : "", strempty(app->restart_limit),
                       app->leaves_pod ? " leaves-pod" : "");
        if (app->restart)
                /* These signals are clean ends to systemd, but were they asked for, it would not restart at all. */
                (void) fprintf(f, "Restart=%s\nRestartSec=1s\nRestartForceExitStatus=SIGHUP SIGINT SIGTERM SIGPIPE\n",
                               app->restart);
        print_credentials(f, app);
        if (app->notify)
                (void) fputs("NotifyAccess=all\n", f);
        else if (app->own_pids)
                (void) fputs("NotifyAccess=main\n", f);
        /* From 262 on, systemd binds its socket only where it mounts the kernel's file systems as well. */
        if (app->notify || app->own_pids)
                (void) fputs("BindPaths=" NOTIFY_SOCKET_PATH "\n", f);
        print_hooks(f, app);
        if (a->stop_signal)
                (void) fprintf(f, "KillSignal=%i\n", signal_from_string(a->stop_signal));
        if (app->stop_timeout < 0)
                (void) fputs("TimeoutStopSec=infinity\n", f);
        else
                (void) fprintf(f, "TimeoutStopSec=%" PRIi64 "s\n",
                               app->stop_timeout + (app->hook_timeout > 0 ? PLAN_HOOK_MARGIN : 0));
        print_exec(f, "ExecStart", LAUNCH_START);
}

static int print_bind(FILE *f, const char *bind)
{
        _cleanup_free_ char *source = NULL, *target = NULL, *quoted = NULL;
        int r;

        r = split_pair(bind, ':', &source, &target);
        if (r < 0)
                return r;
        r = unit_quote(target, &quoted);
        if (r < 0)
                return r;
        (void) fprintf(f, "BindPaths=%s:%s\n", source, quoted);
        return 0;
}

/* Capabilities, user, filter, hidden paths and limits of processes are the launcher's business. */
static int print_confinement(FILE *f, const PlanApp *app, const AppIdentity *identity)
{
        _cleanup_strv_free_ char **kernel = NULL, **mounts = NULL;
        int r;

        r = app_launch_kernel_mounts(identity->binds, &kernel);
        if (r >= 0)
                r = app_launch_mounts(app, &mounts);
        if (r < 0)
                return r;
        STRV_FOREACH(mount, kernel)
                (void) fprintf(f, "BindPaths=%s\n", *mount);
        STRV_FOREACH(mount, mounts)
                (void) fprintf(f, "BindReadOnlyPaths=%s\n", *mount);
        if (app->leaves_pod || app->restart || app->notify)
                (void) fputs("BindPaths=" POD_STATUS_DIR ":" LAUNCH_FILES "/" LAUNCH_STATUS "\n", f);
        STRV_FOREACH(bind, identity->binds) {
                r = print_bind(f, *bind);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(line, app->limits)
                if (!startswith(*line, PLAN_RLIMIT))
                        (void) fprintf(f, "%s\n", *line);
        return 0;
}

/* An interactive app to which nobody is attached has the terminal of the pod's unit. What else is a terminal or stream,
 * its launcher puts in place. */
static void print_stdio(FILE *f, const PodSettings *settings)
{
        static const char journal[] = "StandardInput=null\nStandardOutput=journal\nStandardError=journal\n";
        static const char terminal[] =
                "StandardInput=tty-force\nStandardOutput=tty\nStandardError=tty\nTTYPath=/dev/console\n";

        (void) fputs(settings->interactive && !settings->attached ? terminal : journal, f);
}

bool app_handlers_wanted(const PlanApp *app)
{
        return strv_length(app->app->app->pre_start) + strv_length(app->app->app->post_stop) > 0;
}

/* Event handlers are a service that the app needs: it starts before the app, and stops when nothing needs it any more.
 * They run as root in the app's root. Before the app they have as much time as they want, but not after it or when the
 * pod is to end, since a user or another unit waits for that. A post-stop that fails changes nothing. */
int app_handlers_format(const PlanApp *app, const AppIdentity *identity, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r;

        if (!f)
                return -ENOMEM;

        (void) fprintf(f,
                       "[Unit]\nDescription=Event handlers of app %s\nDefaultDependencies=no\n"
                       "Requires=systemd-journald.socket\nWants=podctl-apps.target\n"
                       "After=systemd-journald.socket podctl-apps.target\nConflicts=shutdown.target\n"
                       "Before=shutdown.target\nStopWhenUnneeded=yes\n%s\n"
                       "[Service]\nType=oneshot\nRemainAfterExit=yes\nSyslogIdentifier=%s\n"
                       "RootDirectory=" POD_STAGE2_DIR "/%s/rootfs\nMountAPIVFS=no\nTimeoutStartSec=infinity\n"
                       "StandardInput=null\nStandardOutput=journal\nStandardError=journal\n"
                       "TimeoutStopSec=%" PRIi64 "s\nTimeoutStopFailureMode=kill\n",
                       app->app->name, app->leaves_pod ? "" : "FailureAction=exit\n", app->app->name, app->app->name,
                       app->handler_timeout);
        if (identity->pre_start)
                print_exec(f, "ExecStart", LAUNCH_PRE_START);
        if (identity->post_stop)
                print_exec(f, "ExecStop", LAUNCH_POST_STOP);
        r = print_confinement(f, app, identity);
        if (fclose(f) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}

int app_unit_format(const PlanApp *app, const AppIdentity *identity, const PodSettings *settings, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        int r;

        if (!f)
                return -ENOMEM;

        print_unit_section(f, app);
        print_service_section(f, app);
        r = print_confinement(f, app, identity);
        print_stdio(f, settings);

        if (fclose(f) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}
