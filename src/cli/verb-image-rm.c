/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/verb.h"
#include "pod/pod-prepare.h"

/* Without reading them, so that broken ones can be removed too. All before the first is gone, or an image given twice
 * would be missing the second time. */
static int resolve_images(ImageStore *images, char **words, char ***ids)
{
        int result = 0;

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *message = NULL;
                Digest id;
                int r;

                r = image_store_resolve(images, *word, &id, &message);
                if (r < 0)
                        result = message ? log_error_errno(r, "%s", message)
                                         : log_error_errno(r, "Image '%s': %m", *word);
                else if (!strv_contains(*ids, DIGEST_FILE(&id)))
                        r = strv_extend(ids, DIGEST_FILE(&id));
                if (r == -ENOMEM)
                        return log_oom();
        }
        return result;
}

static int remove_image(ImageStore *images, const char *text, char *const *used_layers)
{
        _cleanup_free_ char *message = NULL;
        Digest id;
        int r;

        r = digest_parse(text, &id);
        if (r >= 0)
                r = image_store_remove(images, &id, used_layers, &message);
        if (r < 0)
                return message ? log_error_errno(r, "%s", message)
                               : log_error_errno(r, "Cannot remove image '%s': %m", text);
        (void) printf("successfully removed aci for image: \"%s\"\n", text);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_strv_free_ char **used_layers = NULL, **ids = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        PodStore *pods;
        int r, result;

        r = context_images(c, &images);
        if (r >= 0)
                r = context_pods(c, &pods);
        if (r < 0)
                return r;
        lock = context_lock_images(c, LOCK_EX);
        if (lock < 0)
                return lock;
        r = pod_store_used_layers(pods, &used_layers);
        if (r < 0)
                return log_error_errno(r, "Cannot tell which images pods use: %m");

        result = resolve_images(images, words, &ids);
        STRV_FOREACH(id, ids) {
                r = remove_image(images, *id, used_layers);
                if (r < 0)
                        result = r;
        }
        return result;
}

const Verb verb_image_rm = {
        .name = "image rm",
        .usage = "IMAGE…",
        .summary = "Remove images from the store",
        .flags = VERB_ROOT,
        .min_words = 1,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
