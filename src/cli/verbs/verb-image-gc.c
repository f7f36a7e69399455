/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/persona.h"
#include "cli/terminal/results.h"
#include "cli/verbs/build-run-cache.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"

/* No limit of size, that is. */
#define NOT_GIVEN UINT64_MAX

typedef struct ImageGcArgs {
        uint64_t grace_usec;
        uint64_t max_size;
        char *format;
} ImageGcArgs;

static const Option options[] = {
        RESULTS_OPTION(ImageGcArgs, format),
        { "grace-period", &option_duration, offsetof(ImageGcArgs, grace_usec), "TIME",
          "Keep images used less than TIME ago; 24h, unless --max-size is given" },
        { "max-size", &option_size, offsetof(ImageGcArgs, max_size), "SIZE",
          "Then remove the least recently used until they take SIZE at most" },
        {},
};

/* Zero means all of them, and so does a time before time began. */
static uint64_t unused_since(const ImageGcArgs *args)
{
        uint64_t usec = args->grace_usec, now = now_nsec() / NSEC_PER_USEC;

        if (usec == NOT_GIVEN)
                usec = args->max_size == NOT_GIVEN ? IMAGE_UNUSED_GRACE / NSEC_PER_USEC : now;
        return usec >= now ? 0 : (now - usec) * NSEC_PER_USEC;
}

static int collect(ImageStore *images, PodStore *pods, ImageCollect *collect)
{
        _cleanup_strv_free_ char **layers = NULL, **ids = NULL, **unread = NULL;
        _cleanup_free_ char *message = NULL;
        int r;

        r = pod_store_needs(pods, images, &layers, &ids, &unread);
        if (r < 0)
                return log_error_errno(r, "Cannot find out which images pods use: %m");
        if (strv_length(unread) > 0)
                return log_error_errno(EBUSY, "No image is removed, since one may be that of a pod that cannot be "
                                       "read: %s", unread[0]);
        collect->used_layers = layers;
        collect->used_images = ids;
        r = image_store_collect(images, collect, &message);
        return r < 0 ? log_error_errno(r, "Some images could not be collected: %s", explained(message, r)) : 0;
}

static void report(const ImageCollect *collect, const Results *results)
{
        STRV_FOREACH(id, collect->removed_images)
                if (!results_add(results, { "action", "removed" }, { "id", *id }))
                        persona_say_removed(*id);
        if (collect->removed_layers > 0)
                log_info("Removed %zu layers, which held %.1f MiB", collect->removed_layers,
                         (double) collect->freed / (1 << 20));
}

static int run(Context *c, void *userdata, char **words)
{
        const ImageGcArgs *args = userdata;
        ImageCollect collected = {
                .unused_since = unused_since(args),
                /* With nothing to keep, nothing is kept. */
                .orphan_grace = MIN(IMAGE_ORPHAN_GRACE / NSEC_PER_USEC, args->grace_usec) * NSEC_PER_USEC,
        };
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        PodStore *pods;
        int r;

        if (args->max_size != NOT_GIVEN)
                collected.max_size = MAX(args->max_size, (uint64_t) 1);
        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        lock = context_lock_images(c, LOCK_EX, &images);
        if (lock < 0)
                return lock;
        r = collect(images, pods, &collected);
        report(&collected, &results);
        results_print(&results);
        strv_free(collected.removed_images);
        build_cache_collect(c, args->grace_usec == NOT_GIVEN ? BUILD_CACHE_UNUSED_SEC
                                                             : args->grace_usec / USEC_PER_SEC);
        return r;
}

static const ImageGcArgs presets = { .grace_usec = NOT_GIVEN, .max_size = NOT_GIVEN };

const Verb verb_image_gc = {
        .name = "image gc",
        .summary = "Remove images that have not been used for a long time",
        .options = options,
        .args_size = sizeof(ImageGcArgs),
        .presets = &presets,
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = 0,
        .run = run,
};
