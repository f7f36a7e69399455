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

typedef struct Export {
        ImageStore *store;
        Image **images;
        size_t n_images;
        Output output;
} Export;

static void export_done(Export *e)
{
        for (size_t i = 0; i < e->n_images; i++)
                image_free(e->images[i]);
        free(e->images);
        output_done(&e->output);
}

/* All its names go with it, not just the one it was found by. */
static int add_image(Context *c, Export *e, const char *text)
{
        _cleanup_(image_freep) Image *image = NULL;
        int r = find_image(c, text, &image);

        if (r < 0)
                return r;
        image->names = strv_free(image->names);
        r = image_store_add_names(e->store, &image, 1);
        if (r < 0)
                return log_error_errno(r, "Cannot read the names of images: %m");
        for (size_t i = 0; i < e->n_images; i++)
                if (digest_equal(&e->images[i]->id, &image->id))
                        return 0;
        e->images[e->n_images++] = TAKE_PTR(image);
        return 0;
}

static bool is_for_aci(const Export *e, const char *format)
{
        if (format)
                return streq(format, "aci");
        for (size_t i = 0; i < e->n_images; i++)
                if (e->images[i]->kind == IMAGE_APPC)
                        return true;
        return false;
}

static int export_images(Context *c, Export *e, const char *format)
{
        _cleanup_free_ char *message = NULL, *what = NULL;
        bool aci = is_for_aci(e, format);
        Fetcher *fetcher;
        int r;

        if (aci && e->n_images > 1)
                return log_error_errno(EINVAL, "An ACI contains one image; export appc images one by one");
        r = context_fetcher(c, &fetcher);
        if (r < 0)
                return r;
        what = e->n_images > 1 ? strdup("the images") : strjoin("image ", DIGEST_FILE(&e->images[0]->id));
        if (!what)
                return log_oom();
        r = aci ? image_export_aci(e->store, e->images[0], e->output.fd, &message)
                : image_export_oci(e->store, e->images, e->n_images, fetcher, e->output.fd, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot export %s: %s", what, explained(message, r));
        if (r > 0)
                log_warning("Layers of %s are shared with others, and were fetched compressed in another way: what is "
                            "written has a new ID, and signatures do not fit it", what);
        return output_commit(&e->output);
}

static int run(Context *c, void *userdata, char **words)
{
        ExportArgs *args = userdata;
        size_t n = strv_length(words) - 1;
        _cleanup_(export_done) Export e = { .images = new0(Image *, n), .output = OUTPUT_NONE };
        _cleanup_close_ int lock = -EBADF;
        int r;

        if (!e.images)
                return log_oom();
        lock = context_lock_images(c, LOCK_SH, &e.store);
        if (lock < 0)
                return lock;
        for (size_t i = 0; i < n; i++) {
                r = add_image(c, &e, words[i]);
                if (r < 0)
                        return r;
        }
        r = output_open_file(words[n], args->overwrite, &e.output);
        return r < 0 ? r : export_images(c, &e, args->format);
}

const Verb verb_image_export = {
        .name = "image export",
        .usage = "IMAGE… FILE",
        .summary = "Write images to a file",
        .options = options,
        .args_size = sizeof(ExportArgs),
        .flags = VERB_ROOT,
        .min_words = 2,
        .max_words = -1,
        .completes = "IMAGE FILE",
        .run = run,
};
