/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/strv.h"
#include "pod/plan-stop.h"

/* How long a pod may take to end. Apps that started after another app end before it (systemd.unit(5), After=), its hook
 * runs within its time, and its event handlers after it, so the times add up. */

/* For everything before and after that. */
#define STOP_MARGIN 15
/* systemd's own default, which a host may have made shorter. */
#define UNIT_STOP_TIMEOUT 90

void plan_stop_init(PlanApp *app)
{
        const App *a = app->app->app;

        app->stop_timeout = a->stop_timeout ?: APP_STOP_TIMEOUT;
        if (strv_length(a->hooks[APP_HOOK_PRE_STOP]) > 0)
                app->hook_timeout = app->stop_timeout;
        if (strv_length(a->pre_start) + strv_length(a->post_stop) > 0)
                app->handler_timeout = PLAN_HANDLER_TIMEOUT;
}

/* Seconds from the request until the app has ended and is cleaned up after; none is unlimited. */
static int64_t app_span(const PlanApp *a)
{
        return a->stop_timeout + (a->hook_timeout > 0 ? PLAN_HOOK_MARGIN : 0) + a->handler_timeout;
}

static bool is_before(const PlanApp *a, const PlanApp *b)
{
        return strv_contains(b->after, a->app->name) || strv_contains(b->requires, a->app->name);
}

/* Goes one step along the order: an app that has to wait for another ends that much later. */
static bool propagate(const PodPlan *plan, int64_t *ends)
{
        bool changed = false;

        for (size_t i = 0; i < plan->n_apps; i++)
                for (size_t j = 0; j < plan->n_apps; j++) {
                        const PlanApp *a = &plan->apps[i];
                        int64_t end = ends[j] + app_span(a);

                        if (i != j && is_before(a, &plan->apps[j]) && ends[i] < end) {
                                ends[i] = end;
                                changed = true;
                        }
                }
        return changed;
}

/* Seconds from the request until the last app has ended; -1: unlimited. */
static int stop_span(const PodPlan *plan, int64_t *ret)
{
        _cleanup_free_ int64_t *ends = new0(int64_t, MAX(plan->n_apps, 1U));

        *ret = appc_pod_is_mutable(plan->manifest) ? -1 : 0;
        if (!ends)
                return -ENOMEM;
        /* Nobody knows yet what apps there will be; each has its own time. */
        if (*ret < 0)
                return 0;
        for (size_t i = 0; i < plan->n_apps; i++) {
                if (plan->apps[i].stop_timeout < 0) {
                        *ret = -1;
                        return 0;
                }
                ends[i] = app_span(&plan->apps[i]);
        }
        /* A circle is refused elsewhere; the limit of steps ends this loop all the same. */
        for (size_t i = 0; i < plan->n_apps && propagate(plan, ends); i++)
                ;
        for (size_t i = 0; i < plan->n_apps; i++)
                *ret = MAX(*ret, ends[i]);
        return 0;
}

static char *format_property(int64_t span)
{
        return span < 0 ? strdup("TimeoutStopSec=infinity")
                        : strprintf("TimeoutStopSec=%" PRIi64 "s", MAX(span + STOP_MARGIN, UNIT_STOP_TIMEOUT));
}

int plan_stop_property(PodPlan *plan)
{
        int64_t span;
        int r = stop_span(plan, &span);

        return r < 0 ? r : strv_consume(&plan->unit_properties, format_property(span));
}

int plan_stop_format(int64_t span, char **ret)
{
        *ret = NULL;
        if (span >= 0 && span + STOP_MARGIN <= UNIT_STOP_TIMEOUT)
                return 0;
        *ret = format_property(span);
        return *ret ? 0 : -ENOMEM;
}

static int report_shortened(PodPlan *plan, const PlanApp *app, int64_t unit_timeout)
{
        return app->app->app->stop_timeout == 0
                       ? 0
                       : strv_extendf(&plan->ignored,
                                      "App '%s' is killed %" PRIi64 " s after it was asked to end, since its unit has "
                                      "TimeoutStopSec=%" PRIi64 "s; give the unit more",
                                      app->app->name, app->stop_timeout, unit_timeout);
}

int plan_stop_limit(PodPlan *plan, int64_t unit_timeout)
{
        const int64_t most = MAX(unit_timeout - MIN(STOP_MARGIN, unit_timeout / 2), 1);
        int64_t span, longest;
        int r;

        r = stop_span(plan, &span);
        if (r < 0 || (span >= 0 && span <= most))
                return r;

        /* First limit each to the whole time; if they still take too long together, shorten all in proportion. */
        for (size_t i = 0; i < plan->n_apps; i++) {
                PlanApp *a = &plan->apps[i];

                a->handler_timeout = MIN(a->handler_timeout, most);
                a->stop_timeout = a->stop_timeout < 0 ? most : MIN(a->stop_timeout, most);
                a->hook_timeout = a->hook_timeout < 0 ? most : MIN(a->hook_timeout, most);
        }
        r = stop_span(plan, &longest);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->n_apps; i++) {
                PlanApp *a = &plan->apps[i];
                const int64_t asked = a->app->app->stop_timeout ?: APP_STOP_TIMEOUT;

                if (longest > most) {
                        a->stop_timeout = MAX(a->stop_timeout * most / longest, 1);
                        a->hook_timeout = a->hook_timeout > 0 ? MAX(a->hook_timeout * most / longest, 1) : 0;
                        a->handler_timeout = a->handler_timeout > 0 ? MAX(a->handler_timeout * most / longest, 1) : 0;
                }
                if (a->stop_timeout == asked)
                        continue;
                r = report_shortened(plan, a, unit_timeout);
                if (r < 0)
                        return r;
        }
        return 0;
}
