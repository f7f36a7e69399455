/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/images/image-starter.h"
#include "cli/persona.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"

typedef struct ImageRmArgs {
        char *format;
        bool force;
} ImageRmArgs;

static const Option options[] = {
        { "force", &option_bool, offsetof(ImageRmArgs, force), NULL, "Even if a pod of pods.d starts with it" },
        RESULTS_OPTION(ImageRmArgs, format),
        {},
};

/* What a word stands for: a name that is to go, or the whole image. */
typedef struct Target {
        Digest id;
        char *name;
} Target;

typedef struct Targets {
        Target *targets;
        size_t n;
} Targets;

typedef struct Removal {
        ImageStore *images;
        const char *data;
        char **used_layers;
        bool force;
        const Results *results;
} Removal;

static void targets_done(Targets *t)
{
        for (size_t i = 0; i < t->n; i++)
                free(t->targets[i].name);
        free(t->targets);
}

static bool is_there(const Targets *t, const Target *target)
{
        for (size_t i = 0; i < t->n; i++)
                if (digest_equal(&t->targets[i].id, &target->id) && streq_ptr(t->targets[i].name, target->name))
                        return true;
        return false;
}

/* Does not read the images, so that broken ones can be removed too. Finds all before the first is removed, or an image
 * given twice would be missing the second time. */
static int resolve_images(ImageStore *images, char **words, Targets *ret)
{
        int result = 0;

        ret->targets = new0(Target, strv_length(words) + 1);
        if (!ret->targets)
                return log_oom();
        STRV_FOREACH(word, words) {
                _cleanup_free_ char *message = NULL, *name = NULL;
                Target *target = &ret->targets[ret->n];
                int r;

                r = image_store_resolve(images, *word, &target->id, &name, &message);
                if (r < 0)
                        result = log_explained(r, message, "Image '%s'", *word);
                if (r < 0)
                        continue;
                /* rkt's names are the image's own. */
                target->name = persona_is_rkt() ? NULL : TAKE_PTR(name);
                if (is_there(ret, target))
                        target->name = mfree(target->name);
                else
                        ret->n++;
        }
        return result;
}

static int remove_image(const Removal *removal, const Digest *id)
{
        _cleanup_free_ char *message = NULL, *pod = NULL;
        int r;

        r = removal->force ? 0 : image_starter_find(removal->images, removal->data, id, &pod);
        if (r < 0)
                return r;
        if (pod)
                return image_starter_refuse("image", DIGEST_FILE(id), pod);
        r = image_store_remove(removal->images, id, removal->used_layers, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot remove image '%s'", DIGEST_FILE(id));
        if (!results_add(removal->results, { "action", "removed" }, { "id", DIGEST_FILE(id) }))
                persona_say_removed(DIGEST_FILE(id));
        return 0;
}

static int remove_name(const Removal *removal, const Target *t)
{
        int r;

        if (!removal->force)
                return image_starter_drop_name(removal->images, removal->data, t->name, &t->id);
        r = image_store_remove_name(removal->images, t->name);
        return r < 0 ? log_error_errno(r, "Cannot remove name '%s': %m", t->name) : 0;
}

/* Removes only the name if there are others, and the image with its last name, or whatever its names if it is given by
 * ID. An image that an earlier word removed is not an error. */
static int remove_target(const Removal *removal, const Targets *all, size_t at)
{
        const Target *t = &all->targets[at];
        size_t n;
        int r;

        for (size_t i = 0; i < at; i++)
                if (digest_equal(&all->targets[i].id, &t->id) &&
                    image_store_resolve(removal->images, DIGEST_FILE(&t->id), &(Digest) {}, NULL, NULL) == -ENOENT)
                        return 0;
        if (!t->name)
                return remove_image(removal, &t->id);
        r = image_store_count_names(removal->images, &t->id, &n);
        if (r < 0)
                return log_error_errno(r, "Cannot remove name '%s': %m", t->name);
        if (n < 2)
                return remove_image(removal, &t->id);
        r = remove_name(removal, t);
        if (r < 0)
                return r;
        if (!results_add(removal->results, { "action", "untagged" }, { "id", DIGEST_FILE(&t->id) },
                         { "name", t->name }))
                (void) printf("removed name \"%s\" of image \"%s\"\n", t->name, DIGEST_FILE(&t->id));
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const ImageRmArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_strv_free_ char **used_layers = NULL;
        _cleanup_(targets_done) Targets targets = {};
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        PodStore *pods;
        Removal removal;
        int r, result;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        lock = context_lock_images(c, LOCK_EX, &images);
        if (lock < 0)
                return lock;
        r = pod_store_used_layers(pods, &used_layers);
        if (r < 0)
                return log_error_errno(r, "Cannot find out which images pods use: %m");

        removal = (Removal) { images, pods->data, used_layers, args->force, &results };
        result = resolve_images(images, words, &targets);
        for (size_t i = 0; i < targets.n; i++) {
                r = remove_target(&removal, &targets, i);
                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_image_rm = {
        .name = "image rm",
        .usage = "IMAGE…",
        .summary = "Remove images, or names of them, from the store",
        .options = options,
        .args_size = sizeof(ImageRmArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
