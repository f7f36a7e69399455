/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/verbs/verbs.h"
#include "image/intake/image-integrity.h"
#include "shared/explain.h"

typedef struct Args {
        bool repair;
} Args;

static const Option options[] = {
        { "repair", &option_bool, offsetof(Args, repair), NULL, "Unpack damaged layers again from their archives" },
        {},
};

/* "layer sha256:…: /etc/passwd: content", which is the command's output, not a log. One line each, whatever the names
 * of files are. */
static int print_difference(const char *where, const char *path, const char *what, void *userdata)
{
        _cleanup_free_ char *line = strjoin(where, ": ", strempty(path), path ? ": " : "", what);

        if (!line)
                return -ENOMEM;
        utf8_make_printable(line);
        (void) puts(line);
        return 0;
}

static int repair_image(ImageStore *store, const char *text, const Digest *id)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = image_integrity_repair(store, id, &message);
        if (r < 0)
                return log_error_errno(r, "Image '%s' cannot be repaired: %s; fetch it again", text,
                                       explained(message, r));
        (void) printf("repaired image: \"%s\"\n", DIGEST_FILE(id));
        return 0;
}

static int check_image(ImageStore *store, const char *text, Digest *ret_id, char **reterr_message)
{
        int r = image_store_resolve(store, text, ret_id, NULL, reterr_message);

        return r < 0 ? r : image_integrity_check(store, ret_id, print_difference, NULL, reterr_message);
}

static int verify_image(ImageStore *store, const char *text, bool repair)
{
        _cleanup_free_ char *message = NULL;
        Digest id;
        int r;

        r = check_image(store, text, &id, &message);
        if (r < 0)
                return log_explained(r, message, "Image '%s'", text);
        if (r > 0 && repair)
                return repair_image(store, text, &id);
        if (r > 0)
                return log_error_errno(EBADMSG, "Image '%s' is damaged; use --repair, or fetch it again", text);
        (void) printf("successfully verified checksum for image: \"%s\"\n", DIGEST_FILE(&id));
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        const Args *args = userdata;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r, result = 0;

        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        STRV_FOREACH(word, words) {
                r = verify_image(store, *word, args->repair);
                if (r < 0)
                        result = r;
        }
        return result;
}

const Verb verb_image_verify = {
        .name = "image verify",
        .usage = "IMAGE…",
        .summary = "Check that images are on disk as they were fetched",
        .options = options,
        .args_size = sizeof(Args),
        .flags = VERB_ROOT,
        .min_words = 1,
        .max_words = -1,
        .completes = "IMAGE",
        .run = run,
};
