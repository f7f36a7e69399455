/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "cli/compose/compose-health.h"
#include "manifest/appc-image.h"

static int replace_check(App *app, const char *command)
{
        _cleanup_(health_check_freep) HealthCheck *check = new0(HealthCheck, 1);
        bool none = streq(command, "none");
        int r;

        if (!check)
                return log_oom();
        if (!none && !*command)
                return log_error_errno(EINVAL, "Option --health-cmd needs a command, or none");
        r = strv_extend(&check->test, none ? "NONE" : "CMD-SHELL");
        if (r >= 0 && !none)
                r = strv_extend(&check->test, command);
        if (r < 0)
                return log_oom();
        health_check_free(app->health_check);
        app->health_check = TAKE_PTR(check);
        return 0;
}

/* The kernel's timers and Docker's rules: a millisecond at least. */
static int set_time(const char *option, const char *text, bool may_be_zero, int64_t *nsec)
{
        uint64_t usec;

        if (!text)
                return 0;
        if (parse_duration(text, &usec) < 0 || usec > INT64_MAX / NSEC_PER_USEC ||
            (usec < 1000 && !(may_be_zero && usec == 0)))
                return log_error_errno(EINVAL, "Option --%s takes a time of 1ms or more, such as 30s, not '%s'", option,
                                       text);
        *nsec = (int64_t) (usec * NSEC_PER_USEC);
        return 0;
}

static int set_retries(const char *text, int64_t *retries)
{
        uint64_t n;

        if (!text)
                return 0;
        if (parse_uint64(text, &n) < 0 || n < 1 || n > INT32_MAX)
                return log_error_errno(EINVAL, "Option --health-retries takes a number of 1 or more, not '%s'", text);
        *retries = (int64_t) n;
        return 0;
}

static int set_times(const RunApp *run, HealthCheck *check)
{
        const struct {
                const char *option, *text;
                int64_t *nsec;
                bool may_be_zero;
        } rows[] = {
                { "health-interval", run->health_interval, &check->interval },
                { "health-timeout", run->health_timeout, &check->timeout },
                { "health-start-period", run->health_start_period, &check->start_period, true },
                { "health-start-interval", run->health_start_interval, &check->start_interval },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int r = set_time(rows[i].option, rows[i].text, rows[i].may_be_zero, rows[i].nsec);

                if (r < 0)
                        return r;
        }
        return set_retries(run->health_retries, &check->retries);
}

static bool wants_check(const RunApp *run)
{
        return run->health_interval || run->health_timeout || run->health_start_period ||
               run->health_start_interval || run->health_retries || run->health_ready ||
               (run->health_on_failure && !streq(run->health_on_failure, "none"));
}

int compose_health(const RunApp *run, AppcPodApp *app)
{
        int r = run->health_cmd ? replace_check(app->app, run->health_cmd) : 0;

        if (r < 0)
                return r;
        if (wants_check(run) && !health_check_wanted(app->app->health_check))
                return log_error_errno(EINVAL, "App '%s' has no health check; give it one with --health-cmd=COMMAND",
                                       app->name);
        r = app->app->health_check ? set_times(run, app->app->health_check) : 0;
        if (r < 0)
                return r;
        if ((run->health_on_failure &&
             strv_env_set(&app->annotations, APPC_ANNOTATION_UNHEALTHY, run->health_on_failure) < 0) ||
            (run->health_ready && strv_env_set(&app->annotations, APPC_ANNOTATION_HEALTH_READY, "true") < 0))
                return log_oom();
        return 0;
}
