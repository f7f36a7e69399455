/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/volume-users.h"
#include "shared/explain.h"

typedef struct VolumeRmArgs {
        bool force;
        char *format;
} VolumeRmArgs;

static const Option options[] = {
        { "force", &option_bool, offsetof(VolumeRmArgs, force), NULL, "Also if pods that do not run use it" },
        RESULTS_OPTION(VolumeRmArgs, format),
        {},
};

/* A running pod comes first: nothing helps against that one. */
static const VolumeUse *find_obstacle(const VolumeUses *uses, bool force)
{
        for (size_t i = 0; i < uses->n; i++)
                if (pod_state_is_alive(uses->items[i].state))
                        return &uses->items[i];
        return force || uses->n == 0 ? NULL : &uses->items[0];
}

static int check_unused(PodStore *pods, const char *name, bool force)
{
        _cleanup_(volume_uses_done) VolumeUses uses = {};
        const VolumeUse *u;
        int r = volume_find_uses(pods, name, &uses);

        if (r < 0)
                return log_error_errno(r, "Cannot find the pods that use volumes: %m");
        u = find_obstacle(&uses, force);
        if (!u)
                return 0;
        if (pod_state_is_alive(u->state))
                return log_error_errno(EBUSY, "Volume '%s' is used by pod '%s', which is running; stop the pod first",
                                       name, u->pod);
        if (uses.n > 1)
                return log_error_errno(EBUSY, "Volume '%s' is used by %zu pods that do not run, such as '%s'; remove "
                                       "them first, or give --force", name, uses.n, u->pod);
        return log_error_errno(EBUSY, "Volume '%s' is used by pod '%s', which is %s; remove the pod first, or give "
                               "--force", name, u->pod, pod_state_to_string(u->state));
}

/* Pods that start take the lock, too: one that is not seen here has a new volume later. */
static int remove_volume(VolumeStore *store, PodStore *pods, const char *name, bool force, const Results *results)
{
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;
        _cleanup_free_ char *message = NULL;
        int r = volume_lock(store, name, &lock, &message);

        if (r < 0)
                return log_explained(r, message, "Volume '%s'", name);
        r = check_unused(pods, name, force);
        if (r < 0)
                return r;
        r = volume_remove(&lock);
        if (r == -ENOENT)
                return log_error_errno(r, "There is no volume '%s'; see 'podctl volume list'", name);
        if (r < 0)
                return log_error_errno(r, "Cannot remove volume '%s': %m", name);
        if (!results_add(results, { "name", name }))
                (void) printf("\"%s\"\n", name);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const VolumeRmArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        VolumeStore *store;
        PodStore *pods;
        int r, result = 0;

        r = context_volumes(c, &store);
        if (r < 0)
                return r;
        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        STRV_FOREACH(name, words) {
                r = remove_volume(store, pods, *name, args->force, &results);
                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_volume_rm = {
        .name = "volume rm",
        .usage = "VOLUME…",
        .summary = "Remove named volumes and what is in them",
        .options = options,
        .args_size = sizeof(VolumeRmArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "VOLUME",
        .run = run,
};
