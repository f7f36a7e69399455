/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/pod-event.h"
#include "cli/start/pod-handover.h"
#include "cli/start/pod-start.h"
#include "cli/verbs/verbs.h"
#include "pod/pods-d.h"
#include "unit/quick-moves.h"

/* What the main process of a pod's unit begins as. For a pod that `podctl run` has prepared, "launch UUID": that
 * process hands its lock over. For pod@NAME.service, "launch --pod NAME": the pod is made from its manifest in
 * pods.d. */

typedef struct LaunchArgs {
        char *pod;
} LaunchArgs;

static const Option options[] = {
        { "pod", &option_string, offsetof(LaunchArgs, pod), "NAME", "Make and start the pod of this file of pods.d" },
        {},
};

static int launch_prepared(Context *c, const char *uuid)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        r = context_find_pod(c, uuid, &pod);
        if (r < 0)
                return r;
        /* Its unit is still known while it is being restarted. */
        if (pod_state_has_run(pod->state) && !pod_state_is_alive(pod->state))
                return log_error_errno(EEXIST, "Pod '%s' has ended, and pods of 'podctl run' are not started again; "
                                               "use 'podctl create' for one that can be restarted",
                                       pod_display_name(pod));
        r = pod_handover_take(pod);
        if (r < 0)
                return log_error_errno(r, "Pod %s was abandoned before it started: %m", uuid);
        return pod_launch(pod, NULL);
}

static int launch_named(Context *c, const char *name)
{
        _cleanup_free_ char *path = NULL;
        int r;

        if (strchr(name, '/'))
                return log_error_errno(EINVAL, "'%s' cannot be the name of a pod", name);

        r = pods_d_find(name, &path);
        if (r < 0)
                return log_error_errno(
                        r, "There is no manifest for pod '%s': write " PODS_D_LOCAL "/%s.yaml, or use podctl create",
                        name, name);
        return run_pod_of_unit(c, name, path);
}

static int run(Context *c, void *userdata, char **words)
{
        LaunchArgs *args = userdata;

        quick_moves_begin_pod();
        if (args->pod) {
                int r = launch_named(c, args->pod);

                pod_event_failed_to_start(args->pod, NULL);
                return r;
        }
        if (!words[0])
                return log_error_errno(EINVAL, "'podctl launch' needs a UUID or --pod");
        return launch_prepared(c, words[0]);
}

const Verb verb_launch = {
        .name = "launch",
        .usage = "UUID",
        .summary = "Become a pod",
        .options = options,
        .args_size = sizeof(LaunchArgs),
        .flags = VERB_HIDDEN | VERB_ROOT,
        .max_words = 1,
        .run = run,
};
