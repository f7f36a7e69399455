/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/log.h"
#include "cli/compose/kube-manifest.h"
#include "cli/verbs/verbs.h"
#include "foreign/kube/kube-schedule.h"
#include "pod/pods-d.h"
#include "shared/bus.h"

/* What the timer of a CronJob with startingDeadlineSeconds starts (podctl-scheduled@.service): systemd makes up for
 * what was missed however late it is, and this starts the pod only if it is not too late. */

static bool is_in_time(const KubeTimer *timer)
{
        if (timer->zone)
                (void) setenv("TZ", timer->zone, 1);
        tzset();
        return kube_schedule_was_due(timer->schedule, time(NULL), timer->deadline_sec);
}

/* The timer waits for nothing either. */
static int start_pod(Context *c, const char *name, bool replace)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *unit = strjoin("pod@", name, ".service");
        sd_bus *bus;
        int r = unit ? context_bus(c, &bus) : log_oom();

        if (r < 0)
                return r;
        r = bus_call(bus, &bus_systemd_manager, replace ? "RestartUnit" : "StartUnit", &error, NULL, "ss", unit,
                     "replace");
        return r < 0 ? log_error_errno(r, "Cannot start %s: %s", unit, bus_error_text(&error, r)) : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(kube_timer_freep) KubeTimer *timer = NULL;
        _cleanup_free_ char *path = NULL;
        int r = pods_d_find(words[0], &path);

        if (r < 0)
                return log_error_errno(r, "There is no file of pod '%s' in " PODS_D_LOCAL " that its timer could start",
                                       words[0]);
        r = kube_timer_read(path, &timer);
        if (r < 0)
                return r;
        if (!timer || timer->suspended)
                return log_error_errno(ENOENT, "%s: there is no CronJob with a schedule in it any more", path);
        if (timer->limited && !is_in_time(timer)) {
                log_notice("Pod '%s' is not started: what its schedule has missed is more than %" PRIu64 " seconds ago "
                           "(startingDeadlineSeconds)", words[0], timer->deadline_sec);
                return 0;
        }
        return start_pod(c, words[0], timer->replace);
}

const Verb verb_start_scheduled = {
        .name = "start-scheduled",
        .usage = "NAME",
        .summary = "Start a pod of pods.d if its schedule was not missed for too long",
        .flags = VERB_HIDDEN | VERB_ROOT,
        .min_words = 1,
        .max_words = 1,
        .run = run,
};
