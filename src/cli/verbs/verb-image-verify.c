/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "image/intake/image-integrity.h"
#include "shared/explain.h"

/* "layer sha256:…: /etc/passwd: content", which is the command's answer, not a log. */
static int print_difference(const char *where, const char *path, const char *what, void *userdata)
{
        (void) printf("%s: %s%s%s\n", where, strempty(path), path ? ": " : "", what);
        return 0;
}

static int verify_image(ImageStore *store, const char *text)
{
        _cleanup_free_ char *message = NULL;
        Digest id;
        int r;

        r = image_store_resolve(store, text, &id, NULL, &message);
        if (r >= 0)
                r = image_integrity_check(store, &id, print_difference, NULL, &message);
        if (r < 0)
                return log_explained(r, message, "Image '%s'", text);
        if (r > 0)
                return log_error_errno(EBADMSG, "Image '%s' is damaged; fetch it again to repair it", text);
        (void) printf("successfully verified checksum for image: \"%s\"\n", DIGEST_FILE(&id));
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r, result = 0;

        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        STRV_FOREACH(word, words) {
                r = verify_image(store, *word);
                if (r < 0)
                        result = r;
        }
        return result;
}

const Verb verb_image_verify = {
        .name = "image verify",
        .usage = "IMAGE…",
        .summary = "Tell whether images are on disk as they were fetched",
        .flags = VERB_ROOT,
        .min_words = 1,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
