/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/fetch-image.h"
#include "cli/images/registry-name.h"
#include "cli/verbs/verbs.h"
#include "image/export/artifact-push.h"
#include "image/export/store-push.h"
#include "shared/explain.h"

static int push_artifacts(ImageStore *store, const Image *image, Fetcher *fetcher, const DockerReference *name,
                          char **reterr_message)
{
        _cleanup_(artifact_set_done) ArtifactSet artifacts = ARTIFACT_SET_NONE;
        int r = artifact_set_read_stored(store, image, &artifacts, reterr_message);

        return r < 0 ? r : artifacts_push(&artifacts, fetcher, name, reterr_message);
}

static int push(Context *c, ImageStore *store, Image *image, const DockerReference *name, const char *shown)
{
        _cleanup_free_ char *message = NULL;
        Fetcher *fetcher;
        Digest digest;
        int r = context_fetcher(c, &fetcher);

        if (r < 0)
                return r;
        /* All its names: each may lead to a registry that has the layers as they came. */
        image->names = strv_free(image->names);
        r = image_store_add_names(store, &image, 1);
        if (r >= 0)
                r = store_push(store, image, fetcher, name, &digest, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot push image %s to %s: %s", DIGEST_FILE(&image->id), shown,
                                       explained(message, r));
        if (r > 0)
                log_warning("Layers of image %s are shared with others, and were fetched compressed in another way: "
                            "what was pushed has a new ID, and signatures do not fit it", DIGEST_FILE(&image->id));
        else {
                r = push_artifacts(store, image, fetcher, name, &message);
                if (r < 0)
                        return log_error_errno(r, "Image %s is at %s, but not all of its artifacts: %s",
                                               DIGEST_FILE(&image->id), shown, explained(message, r));
        }
        (void) printf("%s\n", DIGEST_STRING(&digest));
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_close_ int lock = -EBADF;
        _cleanup_free_ char *message = NULL;
        ImageStore *store;
        int r = registry_name_parse(words[1], &location, &message);

        if (r < 0)
                return log_error_errno(r, "Cannot push: %s", explained(message, r));
        lock = context_lock_images(c, LOCK_SH, &store);
        r = lock < 0 ? lock : find_image(c, words[0], &image);
        return r < 0 ? r : push(c, store, image, &location.registry, words[1]);
}

const Verb verb_image_push = {
        .name = "image push",
        .usage = "IMAGE docker://HOST/NAME[:TAG]",
        .summary = "Send an image to a registry",
        .flags = VERB_ROOT,
        .min_words = 2,
        .max_words = 2,
        .completes = "IMAGE",
        .run = run,
};
