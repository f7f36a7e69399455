/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "cli/compose/compose-health.h"
#include "manifest/appc-image.h"

/* What the options of each kind begin with. */
static const char *const prefixes[_HEALTH_KIND_MAX] = {
        [HEALTH_LIVENESS] = "health",
        [HEALTH_STARTUP] = "health-startup",
        [HEALTH_READINESS] = "health-readiness",
};

static int replace_check(const char *prefix, const char *command, HealthCheck **check)
{
        _cleanup_(health_check_freep) HealthCheck *new = new0(HealthCheck, 1);
        bool none = streq(command, "none");
        int r;

        if (!new)
                return log_oom();
        if (!none && !*command)
                return log_error_errno(EINVAL, "Option --%s-cmd needs a command, or none", prefix);
        r = strv_extend(&new->test, none ? "NONE" : "CMD-SHELL");
        if (r >= 0 && !none)
                r = strv_extend(&new->test, command);
        if (r < 0)
                return log_oom();
        health_check_free(*check);
        *check = TAKE_PTR(new);
        return 0;
}

/* The kernel's timers and Docker's rules: a millisecond at least. */
static int set_time(const char *prefix, const char *option, const char *text, bool may_be_zero, int64_t *nsec)
{
        uint64_t usec;

        if (!text)
                return 0;
        if (parse_duration(text, &usec) < 0 || usec > INT64_MAX / NSEC_PER_USEC ||
            (usec < 1000 && !(may_be_zero && usec == 0)))
                return log_error_errno(EINVAL, "Option --%s-%s takes a time of 1ms or more, such as 30s, not '%s'",
                                       prefix, option, text);
        *nsec = (int64_t) (usec * NSEC_PER_USEC);
        return 0;
}

static int set_retries(const char *prefix, const char *text, int64_t *retries)
{
        uint64_t n;

        if (!text)
                return 0;
        if (parse_uint64(text, &n) < 0 || n < 1 || n > INT32_MAX)
                return log_error_errno(EINVAL, "Option --%s-retries takes a number of 1 or more, not '%s'", prefix,
                                       text);
        *retries = (int64_t) n;
        return 0;
}

static int set_times(const char *prefix, const AppCheckOptions *said, HealthCheck *check)
{
        const struct {
                const char *option, *text;
                int64_t *nsec;
                bool may_be_zero;
        } rows[] = {
                { "interval", said->interval, &check->interval },
                { "timeout", said->timeout, &check->timeout },
                { "start-period", said->start_period, &check->start_period, true },
                { "start-interval", said->start_interval, &check->start_interval },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int r = set_time(prefix, rows[i].option, rows[i].text, rows[i].may_be_zero, rows[i].nsec);

                if (r < 0)
                        return r;
        }
        return set_retries(prefix, said->retries, &check->retries);
}

static int log_no_check(const char *app, const char *prefix)
{
        return log_error_errno(EINVAL, "App '%s' has no health check; give it one with --%s-cmd=COMMAND", app, prefix);
}

static int compose_check(const char *prefix, const AppCheckOptions *said, const char *app, HealthCheck **check)
{
        bool wanted = said->interval || said->timeout || said->start_period || said->start_interval || said->retries;
        int r = said->cmd ? replace_check(prefix, said->cmd, check) : 0;

        if (r < 0)
                return r;
        if (wanted && !health_check_wanted(*check))
                return log_no_check(app, prefix);
        return *check ? set_times(prefix, said, *check) : 0;
}

static int take_check(const HealthCheck *said, HealthCheck **check)
{
        HealthCheck *copy = NULL;

        if (!said)
                return 0;
        if (health_check_copy(said, &copy) < 0)
                return log_oom();
        health_check_free(*check);
        *check = copy;
        return 0;
}

static int take_hooks(const AppOptions *said, App *app)
{
        for (AppHook hook = 0; hook < _APP_HOOK_MAX; hook++) {
                if (!said->hooks[hook])
                        continue;
                app->hooks[hook] = strv_free(app->hooks[hook]);
                if (strv_extend_strv(&app->hooks[hook], said->hooks[hook]) < 0)
                        return log_oom();
        }
        return 0;
}

int compose_checks(const AppOptions *said, AppcPodApp *app)
{
        for (HealthKind kind = 0; kind < _HEALTH_KIND_MAX; kind++) {
                int r = take_check(said->healthchecks[kind], &app->app->checks[kind]);

                if (r < 0)
                        return r;
                r = compose_check(prefixes[kind], &said->checks[kind], app->name, &app->app->checks[kind]);

                if (r < 0)
                        return r;
        }
        return take_hooks(said, app->app);
}

int compose_health(const RunApp *run, AppcPodApp *app)
{
        bool wanted = run->health_ready || (run->health_on_failure && !streq(run->health_on_failure, "none"));

        if (wanted && !app_is_checked(app->app))
                return log_no_check(app->name, prefixes[HEALTH_LIVENESS]);
        if ((run->health_on_failure &&
             strv_env_set(&app->annotations, APPC_ANNOTATION_UNHEALTHY, run->health_on_failure) < 0) ||
            (run->health_ready && strv_env_set(&app->annotations, APPC_ANNOTATION_HEALTH_READY, "true") < 0))
                return log_oom();
        return 0;
}
