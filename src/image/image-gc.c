/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "image/image-remote.h"
#include "image/implied-tree.h"
#include "image/store-internal.h"
#include "image/store-staging.h"
#include "shared/explain.h"

/* The way out of the store. What goes is renamed into a staging directory first, image before names before layers,
 * so that an interruption leaves at most things nobody refers to, which the next collection finds. */

static int names_prune(ImageStore *s, const Digest *id)
{
        int r, first_error = 0;
        ImageName *names;
        size_t n;

        r = image_names_read(s, &names, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (id ? !digest_equal(&names[i].id, id)
                       : faccessat(s->manifests_fd, DIGEST_FILE(&names[i].id), F_OK, 0) >= 0)
                        continue;
                r = image_name_remove(s, names[i].name);
                if (r < 0 && first_error == 0)
                        first_error = r;
        }
        image_names_free(names, n);
        return first_error;
}

static int add_record_layers(ImageStore *s, const char *id, char ***layers)
{
        _cleanup_close_ int fd = open_directory_at(s->manifests_fd, id);
        ImageRecord record = {};
        int r;

        if (fd < 0)
                return fd;
        r = image_record_read(fd, &record, NULL);
        if (r < 0)
                return r;
        for (size_t i = 0; i < record.n_layers && r >= 0; i++)
                if (!strv_contains(*layers, DIGEST_FILE(&record.layers[i])))
                        r = strv_extend(layers, DIGEST_FILE(&record.layers[i]));
        if (r >= 0)
                r = strv_extendf(layers, IMPLIED_TREE_PREFIX "%s", id);
        image_record_done(&record);
        return r;
}

/* Layers of all images there are. An image whose record cannot be read might need any of them: that is an error. */
static int layers_needed(ImageStore *s, char ***ret)
{
        _cleanup_strv_free_ char **ids = NULL, **layers = NULL;
        int r;

        r = list_directory_at(s->manifests_fd, ".", &ids);
        if (r < 0)
                return r;
        STRV_FOREACH(id, ids) {
                r = add_record_layers(s, *id, &layers);
                if (r < 0) {
                        log_debug_errno(r, "Failed to read the record of image %s: %m", *id);
                        return r;
                }
        }
        *ret = TAKE_PTR(layers);
        return 0;
}

/* used may hold "sha256:…" as well as "sha256-…". */
static bool digest_in(char *const *used, const char *file)
{
        STRV_FOREACH(u, used) {
                Digest d;

                if (streq(*u, file) || (digest_parse(*u, &d) >= 0 && streq(DIGEST_FILE(&d), file)))
                        return true;
        }
        return false;
}

static int layers_prune(ImageStore *s, Staging *staging, char *const *used_layers, size_t *ret_removed)
{
        _cleanup_strv_free_ char **needed = NULL, **layers = NULL;
        int r, first_error = 0;

        r = layers_needed(s, &needed);
        if (r < 0)
                return r;
        r = list_directory_at(s->layers_fd, ".", &layers);
        if (r < 0)
                return r;
        STRV_FOREACH(layer, layers) {
                if (strv_contains(needed, *layer) || digest_in(used_layers, *layer))
                        continue;
                r = rename_noreplace(s->layers_fd, *layer, staging->fd, *layer);
                if (r < 0 && first_error == 0)
                        first_error = r;
                *ret_removed += r >= 0;
        }
        return first_error;
}

static int remove_image(ImageStore *s, Staging *staging, const Digest *id, char **reterr_message)
{
        _cleanup_free_ char *name = strjoin("image-", DIGEST_FILE(id));
        int r;

        if (!name)
                return -ENOMEM;
        r = rename_noreplace(s->manifests_fd, DIGEST_FILE(id), staging->fd, name);
        if (r == -ENOENT)
                return explain(reterr_message, r, "image %s: not in the store", DIGEST_STRING(id));
        return r < 0 ? r : names_prune(s, id);
}

int image_store_remove(ImageStore *s, const Digest *id, char *const *used_layers, char **reterr_message)
{
        _cleanup_(staging_freep) Staging *staging = NULL;
        size_t removed = 0;
        int r;

        r = staging_new(s, &staging);
        if (r < 0)
                return r;
        r = remove_image(s, staging, id, reterr_message);
        if (r < 0)
                return r;
        /* The image is gone; layers that cannot be told to be of no use, because of some other image, may stay. */
        r = layers_prune(s, staging, used_layers, &removed);
        if (r < 0)
                log_debug_errno(r, "Failed to remove layers of %s, leaving them to the next collection: %m",
                                DIGEST_STRING(id));
        return 0;
}

static int collect_image(ImageStore *s, Staging *staging, ImageCollect *c, const Image *image, char **reterr_message)
{
        int r;

        if (image->last_used >= c->unused_since || digest_in(c->used_images, DIGEST_FILE(&image->id)))
                return 0;
        r = remove_image(s, staging, &image->id, reterr_message);
        return r < 0 ? r : strv_extend(&c->removed_images, DIGEST_STRING(&image->id));
}

static int collect_images(ImageStore *s, Staging *staging, ImageCollect *c, char **reterr_message)
{
        int r, first_error = 0;
        Image **images;
        size_t n;

        if (c->unused_since == 0)
                return 0;
        r = image_store_list(s, &images, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                r = collect_image(s, staging, c, images[i], reterr_message);
                if (r < 0 && first_error == 0)
                        first_error = r;
        }
        image_array_free(images, n);
        return first_error;
}

int image_store_collect(ImageStore *s, ImageCollect *c, char **reterr_message)
{
        _cleanup_(staging_freep) Staging *staging = NULL;
        int r, first_error;

        first_error = staging_clean(s);
        r = staging_new(s, &staging);
        if (r < 0)
                return r;

        r = collect_images(s, staging, c, reterr_message);
        first_error = first_error ?: r;
        r = names_prune(s, NULL);
        first_error = first_error ?: r;
        r = image_remotes_prune(s);
        first_error = first_error ?: r;
        r = layers_prune(s, staging, c->used_layers, &c->removed_layers);
        return first_error ?: r;
}
