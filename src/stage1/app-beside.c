/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/signal-util.h"
#include "basic/time-util.h"
#include "config.h"
#include "stage1/app-beside.h"
#include "stage1/app-launch.h"

const char *const app_health_files[_HEALTH_KIND_MAX] = {
        [HEALTH_LIVENESS] = LAUNCH_HEALTH,
        [HEALTH_STARTUP] = LAUNCH_STARTUP,
        [HEALTH_READINESS] = LAUNCH_READINESS,
};

bool app_health_wanted(const PlanApp *app)
{
        return app_is_checked(app->app->app);
}

static int add_numbers(const uint64_t *numbers, size_t n, char ***words)
{
        for (size_t i = 0; i < n; i++) {
                int r = strv_extendf(words, "%" PRIu64, numbers[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_fields(const PlanApp *app, char ***words)
{
        _cleanup_free_ char *fields = strv_join(app->journal_fields, "\n");

        return fields ? strv_extendf(words, "%s\n", fields) : -ENOMEM;
}

static int add_action(const PlanApp *app, char ***words)
{
        int r = strv_extend(words, app->on_unhealthy);

        if (r < 0)
                return r;
        r = strv_extend(words, app->health_ready ? "1" : "0");
        return r < 0 ? r : add_fields(app, words);
}

/* program: of a command, as it was found. */
static int add_launcher(const PlanApp *app, const AppIdentity *identity, const HealthCheck *check, const char *program,
                        char ***words)
{
        _cleanup_strv_free_ char **join = NULL, **command = NULL;
        int r;

        if (health_check_connects(check)) {
                r = strv_extend(words, streq(check->test[0], "HTTPS") ? PKGLIBDIR "/app-probe-tls"
                                                                     : PKGLIBDIR "/app-probe");
                return r < 0 ? r : strv_extend_strv(words, check->test);
        }
        r = app_join_words(app, identity, false, NULL, &join);
        if (r < 0)
                return r;
        r = strv_extend_strv(words, join);
        if (r < 0)
                return r;
        r = strv_extend(words, "--");
        if (r < 0)
                return r;
        r = strv_extend(words, strempty(program));
        if (r < 0)
                return r;
        r = health_check_command(check, NULL, &command);
        return r < 0 ? r : strv_extend_strv(words, command);
}

int app_health_words(const PlanApp *app, const AppIdentity *identity, HealthKind kind, char ***ret)
{
        const HealthCheck *check = app->app->app->checks[kind];
        _cleanup_strv_free_ char **words = NULL;
        HealthTimes times;
        int r;

        *ret = NULL;
        if (!health_check_wanted(check))
                return 0;
        times = health_check_times(check);
        r = strv_extend(&words, app->app->name);
        if (r < 0)
                return r;
        r = add_numbers((uint64_t[]) { times.interval_usec, times.timeout_usec, times.start_period_usec,
                                       times.start_interval_usec, times.retries }, 5, &words);
        if (r < 0)
                return r;
        r = add_action(app, &words);
        if (r < 0)
                return r;
        r = add_numbers((uint64_t[]) { times.initial_delay_usec, times.successes }, 2, &words);
        if (r < 0)
                return r;
        r = add_launcher(app, identity, check, identity->checks[kind], &words);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}

int app_health_format(const PlanApp *app, char **ret)
{
        const char *name = app->app->name;
        _cleanup_free_ char *files = strdup("");

        for (HealthKind kind = 0; files && kind < _HEALTH_KIND_MAX; kind++)
                if (health_check_wanted(app->app->app->checks[kind])) {
                        _cleanup_free_ char *before = TAKE_PTR(files);

                        files = strjoin(before, " /" LAUNCH_POD_FILES "/", name, "/", app_health_files[kind]);
                }
        if (!files)
                return -ENOMEM;
        *ret = strprintf("[Unit]\nDescription=Health check of app %s\nDefaultDependencies=no\n"
                         "BindsTo=%s.service\nAfter=%s.service\nConflicts=shutdown.target\nBefore=shutdown.target%s\n"
                         /* It may start as often as the app. */
                         "StartLimitIntervalSec=0\n\n"
                         "[Service]\nType=%s\nTimeoutStartSec=infinity\n"
                         "StandardInput=null\nStandardOutput=null\nStandardError=null\n"
                         "ExecStart=:" PKGLIBDIR "/app-health%s\n",
                         name, name, name, app->health_ready ? " pod.target" : "",
                         app->health_ready ? "notify" : "exec", files);
        return *ret ? 0 : -ENOMEM;
}

/* Restarts */

/* Twice as long each time, about: from RestartSec= to five minutes, as in Kubernetes. */
#define BACKOFF_STEPS 8
#define BACKOFF_MAX "5min"
#define STEADY_AFTER "10min"
#define BACKOFF_SYSTEMD 254

bool app_backoff_wanted(const PlanApp *app)
{
        return app->restart_backoff && SYSTEMD_VERSION >= BACKOFF_SYSTEMD;
}

int app_backoff_format(const PlanApp *app, char **ret)
{
        *ret = strprintf("[Service]\nRestartSteps=%u\nRestartMaxDelaySec=" BACKOFF_MAX "\n", BACKOFF_STEPS);
        return *ret ? 0 : -ENOMEM;
}

/* It ends with the app, and so begins anew with each run. */
int app_steady_timer_format(const PlanApp *app, char **ret)
{
        const char *name = app->app->name;

        *ret = strprintf("[Unit]\nDescription=App %s runs for long enough\nDefaultDependencies=no\n"
                         "BindsTo=%s.service\nAfter=%s.service\nConflicts=shutdown.target\nBefore=shutdown.target\n"
                         "StartLimitIntervalSec=0\n\n"
                         "[Timer]\nOnActiveSec=" STEADY_AFTER "\n", name, name, name);
        return *ret ? 0 : -ENOMEM;
}

int app_steady_format(const PlanApp *app, char **ret)
{
        const char *name = app->app->name;

        *ret = strprintf("[Unit]\nDescription=Forget the restarts of app %s\nDefaultDependencies=no\n"
                         "Conflicts=shutdown.target\nBefore=shutdown.target\n\n"
                         "[Service]\nType=oneshot\nStandardInput=null\n"
                         "ExecStart=/usr/bin/systemctl reset-failed %s.service\n", name, name);
        return *ret ? 0 : -ENOMEM;
}

/* Hooks */

const char *const app_hook_files[_APP_HOOK_MAX] = {
        [APP_HOOK_POST_START] = LAUNCH_POST_START,
        [APP_HOOK_PRE_STOP] = LAUNCH_PRE_STOP,
};

/* Before the end, as long as the app may take as a whole, and the signal that asks it to end; after the start there is
 * no limit. Where there is none before the end either, or there is no asking, systemd sends the signal. */
static int add_time(const PlanApp *app, AppHook hook, char ***words)
{
        int64_t seconds = hook == APP_HOOK_PRE_STOP ? MAX(app->hook_timeout, 0) : 0;
        const char *name = app->app->app->stop_signal;
        int signal = seconds == 0 ? 0 : name ? signal_from_string(name) : SIGTERM;

        if (signal == SIGKILL || signal == SIGSTOP)
                signal = 0;
        return strv_extendf(words, "%" PRIu64, (uint64_t) seconds * (uint64_t) USEC_PER_SEC) < 0
                       ? -ENOMEM
                       : strv_extendf(words, "%i", signal);
}

int app_hook_words(const PlanApp *app, const AppIdentity *identity, AppHook hook, char ***ret)
{
        char *const *hook_words = app->app->app->hooks[hook];
        const HealthCheck check = app_hook_as_check(hook_words);
        _cleanup_strv_free_ char **words = NULL;
        int r;

        *ret = NULL;
        if (strv_length(hook_words) == 0)
                return 0;
        r = strv_extend(&words, app->app->name);
        if (r >= 0)
                r = add_time(app, hook, &words);
        if (r >= 0)
                r = add_fields(app, &words);
        if (r < 0)
                return r;
        r = app_hook_sleeps(hook_words) ? strv_extend_strv(&words, hook_words)
                                        : add_launcher(app, identity, &check, identity->hooks[hook], &words);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}

bool app_is_accompanied(const PlanApp *app)
{
        const App *a = app->app->app;

        return app_health_wanted(app) || strv_length(a->hooks[APP_HOOK_POST_START]) > 0 ||
               strv_length(a->hooks[APP_HOOK_PRE_STOP]) > 0;
}
