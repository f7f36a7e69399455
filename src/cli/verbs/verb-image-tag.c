/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/images/image-starter.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "image/name/image-location.h"
#include "shared/explain.h"

typedef struct ImageTagArgs {
        char *format;
} ImageTagArgs;

static const Option options[] = {
        RESULTS_OPTION(ImageTagArgs, format),
        {},
};

/* The name as the store keeps it: a registry's name is completed with what it leaves out. */
static int name_to_give(const char *text, char **ret)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        bool fits;

        if (startswith(text, "docker:") || startswith(text, "oci:")) {
                if (image_location_parse(text, &location, &message) < 0)
                        return log_explained(EINVAL, message, "Image '%s'", text);
                *ret = TAKE_PTR(location.text);
                return *ret ? 0 : log_oom();
        }
        fits = image_name_is_findable(text) && !strstr(text, "://") && image_name_complete(text, ret) >= 0;
        return fits ? 0 : log_error_errno(EINVAL, "'%s' cannot be the name of an image; write NAME[:TAG]", text);
}

static int tag(Context *c, void *userdata, char **words)
{
        const ImageTagArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_free_ char *name = NULL, *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        Digest id;
        int r;

        r = name_to_give(words[1], &name);
        if (r < 0)
                return r;
        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        r = image_store_resolve(store, words[0], &id, NULL, &message);
        if (r < 0)
                return log_explained(r, message, "Image '%s'", words[0]);
        r = image_store_set_name(store, name, &id, &message);
        if (r < 0)
                return log_explained(r, message, "Image '%s'", words[0]);
        if (!results_add(&results, { "id", DIGEST_FILE(&id) }, { "name", name }))
                (void) puts(name);
        results_print(&results);
        return 0;
}

static int take_name(ImageStore *store, const char *data, const char *text, const Results *results)
{
        _cleanup_free_ char *name = NULL, *message = NULL;
        Digest id;
        int r;

        r = image_store_resolve(store, text, &id, &name, &message);
        if (r < 0)
                return log_explained(r, message, "Image '%s'", text);
        if (!name)
                return log_error_errno(EINVAL,
                                       "'%s' is not a name in the store; 'podctl image list' shows those there are",
                                       text);
        r = image_starter_drop_name(store, data, name, &id);
        if (r < 0)
                return r;
        (void) results_add(results, { "id", DIGEST_FILE(&id) }, { "name", name });
        return 0;
}

static int untag(Context *c, void *userdata, char **words)
{
        const ImageTagArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r, result = 0;

        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        STRV_FOREACH(word, words) {
                r = take_name(store, c->dir, *word, &results);
                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_image_tag = {
        .name = "image tag",
        .usage = "IMAGE NAME",
        .summary = "Give an image another name",
        .options = options,
        .args_size = sizeof(ImageTagArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 2,
        .max_words = 2,
        .completes = "IMAGE",
        .run = tag,
};

const Verb verb_image_untag = {
        .name = "image untag",
        .usage = "NAME…",
        .summary = "Remove names of images",
        .options = options,
        .args_size = sizeof(ImageTagArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "IMAGE",
        .run = untag,
};
