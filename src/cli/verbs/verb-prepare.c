/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/pod-make.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-gc.h"

static int prepare(Context *c, const RunArgs *args)
{
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        /* Suppresses messages on the way, as about images that are fetched. */
        if (args->quiet && !c->debug)
                log_set_max_level(LOG_ERR);
        r = pod_make(c, args, false, &pod, NULL);
        if (r < 0)
                return r;
        r = pod_move(pod, POD_DIR_PREPARED);
        if (r < 0) {
                log_error_errno(r, "Cannot save pod %s: %m", pod->uuid.s);
                (void) pod_remove(pod);
                return r;
        }
        if (!results_add(&results, { "pod", pod_display_name(pod) }, { "uuid", pod->uuid.s }))
                (void) puts(pod->uuid.s);
        results_print(&results);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        return run_args_run(c, &verb_prepare, words, userdata, prepare);
}

static const RunArgs presets = { .options = prepare_options, RUN_ARGS_UNSET };

const Verb verb_prepare = {
        .name = "prepare",
        .usage = "IMAGE [APP OPTIONS] [-- ARGUMENTS… [---]] [IMAGE…]",
        .summary = "Prepare a pod, to be run later",
        .options = prepare_options,
        .app_options = run_app_options,
        .args_size = sizeof(RunArgs),
        .presets = &presets,
        .flags = VERB_OWN_WORDS | VERB_ROOT,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
