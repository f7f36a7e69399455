/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/verb.h"
#include "pod/pod-gc.h"
#include "pod/pod-prepare.h"

static const Option options[] = {
        { "expire-prepared", &option_duration, offsetof(PodCollect, expire_prepared_usec), "TIME",
          "Remove prepared pods that old, 24h by default" },
        { "grace-period", &option_duration, offsetof(PodCollect, grace_usec), "TIME",
          "Keep exited pods so long, 30m by default" },
        { "mark-only", &option_bool, offsetof(PodCollect, mark_only), NULL, "Mark exited pods, remove none" },
        {},
};

static void report(const Pod *pod, const char *what, int error)
{
        if (error < 0)
                log_warning_errno(error, "Pod %s: %s: %m", pod->uuid.s, what);
        else
                log_info("Pod %s: %s", pod->uuid.s, what);
}

/* Layers that only pods needed which are gone now, and leftovers of killed fetches. Whoever is fetching or preparing
 * holds the store; then it is left to the next time. */
static int collect_layers(Context *c, PodStore *pods)
{
        _cleanup_strv_free_ char **used = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageCollect collect = { .orphan_grace = IMAGE_ORPHAN_GRACE };
        ImageStore *images;
        int r;

        r = context_images(c, &images);
        if (r < 0)
                return r;
        lock = image_store_lock(images, LOCK_EX | LOCK_NB);
        if (lock == -EAGAIN)
                return 0;
        r = lock < 0 ? lock : pod_store_used_layers(pods, &used);
        if (r >= 0) {
                collect.used_layers = used;
                r = image_store_collect(images, &collect, &message);
        }
        strv_free(collect.removed_images);
        return r < 0 ? log_error_errno(r, "Some layers could not be collected: %s", message ?: strerror(-r)) : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        PodCollect *collect = userdata;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        collect->report = report;
        r = pod_store_collect(pods, collect);
        if (r < 0)
                return log_error_errno(r, "Some pods could not be collected: %m");
        return collect->mark_only ? 0 : collect_layers(c, pods);
}

static const PodCollect presets = {
        .grace_usec = 30 * 60 * USEC_PER_SEC,
        .expire_prepared_usec = 24 * 3600 * USEC_PER_SEC,
};

const Verb verb_gc = {
        .name = "gc",
        .summary = "Remove what exited pods left",
        .options = options,
        .args_size = sizeof(PodCollect),
        .presets = &presets,
        .flags = VERB_ROOT,
        .max_words = 0,
        .run = run,
};
