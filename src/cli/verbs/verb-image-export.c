/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/images/fetch-image.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/verbs.h"
#include "image/export/image-export.h"
#include "shared/explain.h"

typedef struct ExportArgs {
        char *format;
        bool overwrite;
} ExportArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(ExportArgs, format), "FORMAT",
          "oci or aci; by default what the image came as", .choices = "oci|aci" },
        { "overwrite", &option_bool, offsetof(ExportArgs, overwrite), NULL, "Replace the file if there is one" },
        {},
};

static int export_image(Context *c, ImageStore *store, const Image *image, const char *format, Output *output)
{
        bool aci = format ? streq(format, "aci") : image->kind == IMAGE_APPC;
        _cleanup_free_ char *message = NULL;
        Fetcher *fetcher;
        int r;

        r = context_fetcher(c, &fetcher);
        if (r < 0)
                return r;
        r = aci ? image_export_aci(store, image, output->fd, &message)
                : image_export_oci(store, image, fetcher, output->fd, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot export image %s: %s", DIGEST_FILE(&image->id),
                                       explained(message, r));
        if (r > 0)
                log_warning("Image %s shares layers that were fetched compressed in another way: what is written has a "
                            "new ID, and signatures do not fit it", DIGEST_FILE(&image->id));
        return output_commit(output);
}

static int run(Context *c, void *userdata, char **words)
{
        ExportArgs *args = userdata;
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r;

        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        r = find_image(c, words[0], &image);
        if (r < 0)
                return r;
        /* All its names go with it, not just the one it was found by. */
        image->names = strv_free(image->names);
        r = image_store_add_names(store, &image, 1);
        if (r < 0)
                return log_error_errno(r, "Cannot read the names of images: %m");
        r = output_open_file(words[1], args->overwrite, &output);
        return r < 0 ? r : export_image(c, store, image, args->format, &output);
}

const Verb verb_image_export = {
        .name = "image export",
        .usage = "IMAGE FILE",
        .summary = "Write an image to a file",
        .options = options,
        .args_size = sizeof(ExportArgs),
        .flags = VERB_ROOT,
        .min_words = 2,
        .max_words = 2,
        .completes = "IMAGE FILE",
        .run = run,
};
