/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/pod-make.h"
#include "cli/start/pod-start.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"

static int renew_settings(Context *c, const RunArgs *args, Pod *pod, PodPlan **ret)
{
        _cleanup_(pod_settings_freep) PodSettings *fresh = pod_settings_renew(pod->settings);
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        if (!fresh)
                return log_oom();
        r = pod_settings_for_start(c, args, pod->manifest, fresh);
        if (r < 0)
                return r;

        pod_settings_free(pod->settings);
        pod->settings = TAKE_PTR(fresh);
        r = pod_plan_of(pod, &plan, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot plan the pod");
        r = pod_write_settings(pod, true);
        if (r < 0)
                return log_error_errno(r, "Cannot write the settings of pod %s: %m", pod->uuid.s);
        *ret = TAKE_PTR(plan);
        return 0;
}

/* From here on the pod is only ours. */
static int take_pod(Context *c, const char *text, Pod **ret)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        r = context_find_pod(c, text, &pod);
        if (r < 0)
                return r;
        if (pod->state != POD_PREPARED)
                return log_error_errno(
                        EINVAL, "Pod %s is %s, not prepared; 'podctl run-prepared' starts prepared pods, once",
                        pod->uuid.s, pod_state_to_string(pod->state));
        r = pod_lock(pod);
        if (r == -EAGAIN || r == -ENOENT)
                return log_error_errno(EBUSY, "Pod %s is being started or removed by another process", pod->uuid.s);
        if (r < 0)
                return log_error_errno(r, "Cannot lock pod %s: %m", pod->uuid.s);
        r = pod_load(pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        *ret = TAKE_PTR(pod);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        RunArgs *args = userdata;
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r;

        r = run_args_check_start(args);
        if (r < 0)
                return r;
        r = take_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = renew_settings(c, args, pod, &plan);
        if (r < 0)
                return r;
        return pod_takes_our_place(args->start.detach) ? pod_launch_in_place(c, pod, plan)
                                                       : pod_start_unit(c, pod, plan, &args->start);
}

static const RunArgs presets = { RUN_ARGS_UNSET };

const Verb verb_run_prepared = {
        .name = "run-prepared",
        .usage = "POD",
        .summary = "Run a pod that was prepared",
        .options = run_prepared_options,
        .args_size = sizeof(RunArgs),
        .presets = &presets,
        .flags = VERB_ROOT,
        .min_words = 1,
        .max_words = 1,
        .completes = "PREPARED",
        .run = run,
};
