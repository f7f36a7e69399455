/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"

typedef struct VolumeCreateArgs {
        char *format;
        uint64_t size;
} VolumeCreateArgs;

static const Option options[] = {
        RESULTS_OPTION(VolumeCreateArgs, format),
        { "size", &option_size, offsetof(VolumeCreateArgs, size), "SIZE",
          "Let the files take no more than this, where the file system can" },
        {},
};

static int create(VolumeStore *store, const char *name, uint64_t limit, char **reterr_message)
{
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;
        int r = volume_lock(store, name, &lock, reterr_message);

        return r < 0 ? r : volume_make(&lock, &(VolumeFill) {
                .record = { .fresh = true, .limit = limit },
        }, reterr_message);
}

static int run(Context *c, void *userdata, char **words)
{
        const VolumeCreateArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        VolumeStore *store;
        int r, result = 0;

        r = context_volumes(c, &store);
        if (r < 0)
                return r;
        STRV_FOREACH(name, words) {
                _cleanup_free_ char *message = NULL;

                r = create(store, *name, args->size, &message);
                if (r < 0)
                        result = log_error_errno(r, "Cannot create a volume: %s", explained(message, r));
                else
                        (void) results_add(&results, { "name", *name });
        }
        results_print(&results);
        return result;
}

const Verb verb_volume_create = {
        .name = "volume create",
        .usage = "VOLUME…",
        .summary = "Create empty named volumes",
        .options = options,
        .args_size = sizeof(VolumeCreateArgs),
        .flags = VERB_ROOT,
        .min_words = 1,
        .max_words = -1,
        .completes = "-",
        .run = run,
};
