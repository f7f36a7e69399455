/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-gc.h"

typedef struct RmArgs {
        char *uuid_file;
        char *format;
} RmArgs;

static const Option options[] = {
        RESULTS_OPTION(RmArgs, format),
        { "uuid-file", &option_string, offsetof(RmArgs, uuid_file), "FILE", "Take the UUID from FILE" },
        {},
};

/* A process that waits for the pod's end may have a few lines left to print. */
static int wait_until_unheld(const Pod *pod, Patience *patience)
{
        int r;

        do
                r = pod_is_held(pod);
        while (r > 0 && patience_wait(patience, -EBADF));
        return r;
}

static int remove_pod(Pod *pod, Patience *patience, const Results *results)
{
        const char *name = pod_display_name(pod);
        PodState was = pod->state;
        int r;

        if (!pod_state_is_alive(was) && wait_until_unheld(pod, patience) > 0)
                return log_error_errno(EBUSY,
                                       "Pod %s cannot be removed: a 'podctl run', 'logs' or 'status --wait' is not "
                                       "done with it", pod->uuid.s);
        r = was == POD_EMBRYO ? POD_IN_USE : pod_remove(pod);
        if (r == POD_IN_USE)
                return log_error_errno(EBUSY, "Pod %s is %s and cannot be removed%s", pod->uuid.s,
                                       pod_state_to_string(was), was == POD_RUNNING ? "; stop it first" : "");
        if (r < 0)
                return log_error_errno(r, "Cannot remove pod %s: %m", pod->uuid.s);
        if (!results_add(results, { "pod", name }, { "uuid", pod->uuid.s }))
                (void) printf("\"%s\"\n", pod->uuid.s);
        return 0;
}

static int remove_named(Context *c, const char *text, Patience *patience, const Results *results)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = context_find_pod(c, text, &pod);

        return r < 0 ? r : remove_pod(pod, patience, results);
}

/* The patience is that of the command, however many pods it has to wait for. */
static int remove_all(Context *c, char *const *words, const Results *results)
{
        Patience patience = { .step_usec = 10000, .left_usec = 5 * USEC_PER_SEC };
        PodStore *pods;
        int r, result = 0;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        if (words[0] && words[1] && pod_store_remember(pods) < 0)
                return log_oom();
        STRV_FOREACH(word, words) {
                r = remove_named(c, *word, &patience, results);
                if (r < 0)
                        result = r;
        }
        return result;
}

static int run(Context *c, void *userdata, char **words)
{
        RmArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_strv_free_ char **pods = NULL;
        int r, k;

        if (!words[0] && !args->uuid_file)
                return log_error_errno(EINVAL, "'podctl rm' needs a pod, or --uuid-file");
        r = context_pod_words(args->uuid_file, words, &pods);
        if (!pods)
                return r;
        k = remove_all(c, pods, &results);
        results_print(&results);
        return k < 0 ? k : r;
}

const Verb verb_rm = {
        .name = "rm",
        .usage = "POD…",
        .summary = "Remove pods that are not running",
        .options = options,
        .args_size = sizeof(RmArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
