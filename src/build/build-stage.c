/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "build/build-image.h"
#include "build/build-stage.h"
#include "image/intake/image-import.h"
#include "shared/explain.h"

#define STAGED "staged"

static void copy_member(json_object *from, json_object *to, const char *name)
{
        json_object *value;

        if (json_object_object_get_ex(from, name, &value))
                (void) json_object_object_add(to, name, json_object_get(value));
}

/* Not its volumes, which would hide what is there, nor ports or health checks. */
static json_object *config_of_stage(const BuildContext *c)
{
        static const char *const of_image[] = { "os", "architecture", "variant", "rootfs" };
        static const char *const of_app[] = { "Env", "User", "WorkingDir" };
        json_object *config = json_object_new_object(), *app = json_object_new_object(), *from;

        for (size_t i = 0; i < ELEMENTSOF(of_image); i++)
                copy_member(c->record->config, config, of_image[i]);
        if (json_object_object_get_ex(c->record->config, "config", &from))
                for (size_t i = 0; i < ELEMENTSOF(of_app); i++)
                        copy_member(from, app, of_app[i]);
        (void) json_object_object_add(config, "config", app);
        return config;
}

static int open_layer(void *userdata, size_t i, uint64_t offset, char **reterr_message)
{
        const BuildImage *image = userdata;
        int fd = fcntl(image->layers[i].fd, F_DUPFD_CLOEXEC, 3);

        if (fd < 0 || lseek(fd, (off_t) offset, SEEK_SET) < 0) {
                int r = -errno;

                safe_close(fd);
                return r;
        }
        return fd;
}

/* Those below first; they are there already. */
static int list_layers(const BuildContext *c, const BuildBelow *below, Digest **ret)
{
        size_t n = below->n + c->record->n_layers;
        Digest *layers = new0(Digest, MAX(n, (size_t) 1));

        if (!layers)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                layers[i] = i < below->n ? below->layers[i] : c->record->layers[i - below->n].tar;
        *ret = layers;
        return 0;
}

static int bring_layers(BuildImage *image, ImageImport *m, const Digest *layers, char **reterr_message)
{
        const LayerOrigin origin = { .open = open_layer, .poll_fd = -EBADF, .userdata = image };
        _cleanup_free_ LayerItem *items = new0(LayerItem, MAX(image->n_layers, (size_t) 1));

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < image->n_layers; i++)
                items[i] = (LayerItem) { .tar = &layers[i], .stored = &image->layers[i].digest,
                                         .stored_size = image->layers[i].size };
        return image_import_layers(m, &origin, items, image->n_layers, reterr_message);
}

static int add_image(ImageImport *m, const BuildImage *image, const Digest *layers, size_t n, char **reterr_message)
{
        _cleanup_(image_trust_done) ImageTrust trust = {};
        int r = image_trust_set(&trust, TRUST_DIGEST, DIGEST_STRING(&image->manifest_digest));

        return r < 0 ? r : image_import_image(m, &(ImageDraft) {
                .id = image->manifest_digest,
                .kind = IMAGE_OCI,
                .layers = layers,
                .n_layers = n,
                .manifest = image->manifest,
                .manifest_size = strlen(image->manifest),
                .config = image->config,
                .config_size = strlen(image->config),
                .trust = &trust,
        }, reterr_message);
}

static int import(const BuildContext *c, ImageStore *store, const BuildBelow *below, BuildImage *image,
                  char **reterr_message)
{
        _cleanup_(image_import_freep) ImageImport *m = NULL;
        size_t n = below->n + image->n_layers;
        _cleanup_free_ Digest *layers = NULL;
        int r = list_layers(c, below, &layers);

        if (r >= 0)
                r = image_import_new(store, &m, reterr_message);
        if (r >= 0)
                r = image_import_expect_layers(m, layers, n);
        if (r >= 0)
                r = bring_layers(image, m, layers + below->n, reterr_message);
        if (r >= 0)
                r = add_image(m, image, layers, n, reterr_message);
        return r < 0 ? r : image_import_commit(m, reterr_message);
}

int build_stage(BuildContext *c, ImageStore *store, const BuildBelow *below, Digest *ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *config = config_of_stage(c);
        _cleanup_(build_image_done) BuildImage image = {};
        int r = below->n > 0 ? 0 : build_image_check(c, reterr_message);

        if (r >= 0)
                r = build_image_make_with(c, config, &image, reterr_message);
        if (r >= 0)
                r = import(c, store, below, &image, reterr_message);
        if (r < 0)
                return r;
        *ret = image.manifest_digest;
        return 0;
}

int build_staged(const BuildContext *c, Digest *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_foreign_file_at(c->dir_fd, STAGED, DIGEST_STRING_MAX, &text, &n);

        return r < 0 ? r : digest_parse(text, ret);
}

int build_stage_note(BuildContext *c, const Digest *id)
{
        const char *text = DIGEST_STRING(id);

        return write_file_at(c->dir_fd, STAGED, text, strlen(text), 0600);
}
