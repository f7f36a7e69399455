/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/fetch-image.h"
#include "cli/verb.h"
#include "pod/pod-prepare.h"

static int remove_image(Context *c, const char *text)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_strv_free_ char **used = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        PodStore *pods;
        int r;

        r = find_image(c, text, &image);
        if (r >= 0)
                r = context_images(c, &images);
        if (r >= 0)
                r = context_pods(c, &pods);
        if (r < 0)
                return r;

        lock = image_store_lock(images, LOCK_EX);
        if (lock < 0)
                return log_error_errno(lock, "Cannot lock the image store: %m");
        r = pod_store_used_layers(pods, &used);
        if (r < 0)
                return log_error_errno(r, "Cannot tell which images pods use: %m");
        r = image_store_remove(images, &image->id, used, &message);
        if (r < 0)
                return message ? log_error_errno(r, "%s", message) : log_error_errno(r, "Cannot remove image '%s': %m", text);
        (void) printf("successfully removed image %s\n", DIGEST_FILE(&image->id));
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        int result = 0;

        STRV_FOREACH(word, words) {
                int r = remove_image(c, *word);

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
