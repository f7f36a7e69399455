/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/persona.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-gc.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"

typedef struct GcArgs {
        PodCollect collect;
        char *format;
} GcArgs;

static const Option options[] = {
        { "expire-prepared", &option_duration, offsetof(GcArgs, collect.expire_prepared_usec), "TIME",
          "Remove prepared pods older than TIME, 24h by default" },
        RESULTS_OPTION(GcArgs, format),
        { "grace-period", &option_duration, offsetof(GcArgs, collect.grace_usec), "TIME",
          "Keep exited pods for TIME, 30m by default" },
        { "mark-only", &option_bool, offsetof(GcArgs, collect.mark_only), NULL, "Mark exited pods, remove none" },
        {},
};

static void report(const PodCollect *c, Pod *pod, PodFate fate, PodState was, int error)
{
        static const char *const words[_POD_FATE_MAX] = {
                [POD_FATE_MARKED] = "moving pod to garbage",
                [POD_FATE_KEPT] = "still within grace period",
                [POD_FATE_REMOVED] = "garbage collected",
        };

        if (fate == POD_FATE_STUCK)
                log_warning_errno(error, "Pod %s: cannot be collected: %m", pod->uuid.s);
        else
                log_info("Pod %s: %s", pod->uuid.s, words[fate]);
}

static void report_as_json(const PodCollect *c, Pod *pod, PodFate fate, PodState was, int error)
{
        static const char *const actions[_POD_FATE_MAX] = {
                [POD_FATE_MARKED] = "marked",
                [POD_FATE_REMOVED] = "removed",
        };

        if (fate == POD_FATE_STUCK)
                report(c, pod, fate, was, error);
        else if (actions[fate])
                (void) results_add(c->userdata, { "action", actions[fate] }, { "pod", pod_display_name(pod) },
                                   { "uuid", pod->uuid.s });
}

/* As Go writes durations: "30m0s". */
static char *go_duration(uint64_t usec)
{
        uint64_t seconds = usec / USEC_PER_SEC, h = seconds / 3600, m = seconds / 60 % 60;

        if (h > 0)
                return strprintf("%" PRIu64 "h%" PRIu64 "m%" PRIu64 "s", h, m, seconds % 60);
        return m > 0 ? strprintf("%" PRIu64 "m%" PRIu64 "s", m, seconds % 60) : strprintf("%" PRIu64 "s", seconds);
}

/* In rkt's words; only what was removed goes to standard output. */
static void report_as_rkt(const PodCollect *c, Pod *pod, PodFate fate, PodState was, int error)
{
        _cleanup_free_ char *grace = go_duration(c->grace_usec);

        if (fate == POD_FATE_STUCK)
                log_warning_errno(error, "unable to remove pod \"%s\": %m", pod->uuid.s);
        else if (fate == POD_FATE_KEPT)
                log_info("pod \"%s\" not removed: still within grace period (%s)", pod->uuid.s, strempty(grace));
        else if (fate == POD_FATE_REMOVED)
                (void) printf("Garbage collecting pod \"%s\"\n", pod->uuid.s);
        else
                log_info("moving %s \"%s\" to garbage", was == POD_ABORTED_PREPARE ? "failed prepare"
                         : was == POD_PREPARED ? "expired prepared pod" : "pod", pod->uuid.s);
}

static int collect_unused(ImageStore *images, PodStore *pods, char **reterr_message)
{
        _cleanup_strv_free_ char **used = NULL;
        ImageCollect collect = { .orphan_grace = IMAGE_ORPHAN_GRACE };
        int r;

        r = pod_store_used_layers(pods, &used);
        if (r < 0)
                return r;
        collect.used_layers = used;
        r = image_store_collect(images, &collect, reterr_message);
        strv_free(collect.removed_images);
        return r;
}

/* Removes layers that were needed only by pods that are gone now, and leftovers of killed fetches. A process that
 * fetches or prepares holds the store; then it is left to the next time. */
static int collect_layers(Context *c, PodStore *pods)
{
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        int r;

        r = context_images(c, &images);
        if (r < 0)
                return r;
        lock = image_store_lock(images, LOCK_EX | LOCK_NB);
        if (lock == -EAGAIN)
                return 0;
        r = lock < 0 ? lock : collect_unused(images, pods, &message);
        return r < 0 ? log_error_errno(r, "Some layers could not be collected: %s", explained(message, r)) : 0;
}

static int collect_pods(Context *c, PodCollect *collect)
{
        const HostConfig *config;
        PodStore *pods;
        PodKeep keep;
        int r, k = 0;

        r = context_config(c, &config);
        if (r < 0)
                return r;
        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        keep = host_config_keep(config);
        r = pod_store_collect(pods, collect);
        if (!collect->mark_only)
                k = pod_store_keep_last(pods, NULL, &keep, collect);
        r = r < 0 ? r : k;
        if (r < 0)
                return log_error_errno(r, "Some pods could not be collected: %m");
        return collect->mark_only ? 0 : collect_layers(c, pods);
}

static int run(Context *c, void *userdata, char **words)
{
        GcArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        int r;

        args->collect.report = args->format ? report_as_json : persona_is_rkt() ? report_as_rkt : report;
        args->collect.userdata = &results;
        r = collect_pods(c, &args->collect);
        results_print(&results);
        return r;
}

static const GcArgs presets = { .collect = POD_COLLECT_DEFAULT };

const Verb verb_gc = {
        .name = "gc",
        .summary = "Remove what exited pods left behind",
        .options = options,
        .args_size = sizeof(GcArgs),
        .presets = &presets,
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = 0,
        .run = run,
};
