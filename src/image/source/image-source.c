/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "image/source/docker-manifest.h"
#include "image/source/image-source.h"
#include "manifest/oci-config.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

int source_open(const Source *source, const char *path, char **reterr_message)
{
        _cleanup_close_ int found = -EBADF;
        char proc[PROC_FD_PATH_MAX];
        struct stat st;
        int fd;

        /* Look it up first and open it then: opening a device or a pipe can have effects. */
        found = open_in_root(source->dir_fd, path, O_PATH);
        if (found < 0)
                return explain(reterr_message, found, "%s: %s", path,
                               found == -ENOENT ? "is missing" : strerror(-found));
        if (fstat(found, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return explain(reterr_message, EBADMSG, "%s: is not a regular file", path);
        fd = open(proc_fd_path(found, proc), O_RDONLY | O_CLOEXEC | O_NOCTTY);
        return fd < 0 ? explain(reterr_message, errno, "%s: %s", path, strerror(errno)) : fd;
}

int source_read(const Source *source, const char *path, size_t max, char **ret, size_t *ret_size,
                char **reterr_message)
{
        _cleanup_close_ int fd = source_open(source, path, reterr_message);
        char proc[PROC_FD_PATH_MAX];
        int r;

        if (fd < 0)
                return fd;
        r = read_file_at(AT_FDCWD, proc_fd_path(fd, proc), max, ret, ret_size);
        if (r == -EFBIG)
                return explain(reterr_message, E2BIG, "%s: is larger than %zu MiB", path, max >> 20);
        return r < 0 ? explain(reterr_message, r, "%s: %s", path, strerror(-r)) : 0;
}

static int read_file_blob(const Source *source, const OciDescriptor *d, char **ret, size_t *ret_size,
                          char **reterr_message)
{
        _cleanup_free_ char *path = strjoin("blobs/", digest_algorithm_to_string(d->digest.algorithm), "/",
                                            d->digest.hex);

        return path ? source_read(source, path, OCI_DOCUMENT_MAX, ret, ret_size, reterr_message) : -ENOMEM;
}

static int open_file_layer(const Source *source, SourceLayer *layer, uint64_t offset, char **reterr_message)
{
        const char *algorithm = layer->has_stored ? digest_algorithm_to_string(layer->stored.algorithm) : "";
        _cleanup_free_ char *path = strjoin("blobs/", algorithm, "/", layer->stored.hex);

        assert(offset == 0);
        return path ? source_open(source, layer->path ?: path, reterr_message) : -ENOMEM;
}

const SourceKind source_directory = {
        .read_blob = read_file_blob,
        .open_layer = open_file_layer,
};

static void source_image_done(SourceImage *image)
{
        for (size_t i = 0; i < image->n_layers && image->files; i++)
                free(image->files[i].path);
        free(image->files);
        free(image->layers);
        free(image->manifest);
        free(image->config);
        strv_free(image->names);
}

void source_images_done(SourceImages *images)
{
        for (size_t i = 0; i < images->n; i++)
                source_image_done(&images->images[i]);
        free(images->images);
        *images = (SourceImages) {};
}

int source_images_add(SourceImages *images, SourceImage **ret)
{
        int r;

        r = ARRAY_GROW(images->images, images->n_allocated, images->n, 1);
        if (r < 0)
                return r;
        *ret = &images->images[images->n++];
        **ret = (SourceImage) {};
        return 0;
}

void source_images_drop_last(SourceImages *images)
{
        source_image_done(&images->images[--images->n]);
}

static int parse_config(const char *config, size_t size, OciConfig **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_foreign(config, size, &o, e);
        return r < 0 ? r : oci_config_read(o, ret, e);
}

int source_image_set_config(SourceImage *image, char *config, size_t size, size_t n_files, char **reterr_message)
{
        _cleanup_(oci_config_freep) OciConfig *parsed = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        image->config = config;
        image->config_size = size;
        r = digest_of_memory(DIGEST_SHA256, config, size, &image->config_digest);
        if (r < 0)
                return r;
        r = parse_config(config, size, &parsed, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));

        if (n_files == 0)
                return explain(reterr_message, EBADMSG, "the image has no layers");
        if (parsed->rootfs.n_diff_ids != n_files)
                return explain(reterr_message, EBADMSG, "rootfs.diff_ids: %zu of them, but the image has %zu layers",
                               parsed->rootfs.n_diff_ids, n_files);

        image->files = new0(SourceLayer, n_files);
        if (!image->files)
                return -ENOMEM;
        image->layers = TAKE_PTR(parsed->rootfs.diff_ids);
        image->n_layers = n_files;
        parsed->rootfs.n_diff_ids = 0;
        return 0;
}

/* Names */

int source_image_add_name(SourceImage *image, const char *name)
{
        const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;
        _cleanup_free_ char *full = NULL;

        full = strjoin(name, strpbrk(last, ":@") ? "" : ":latest");
        if (!full)
                return -ENOMEM;
        return strv_contains(image->names, full) ? 0 : strv_extend(&image->names, full);
}

int source_image_add_default_name(SourceImage *image, const Source *source, const char *tag)
{
        static const char *const suffixes[] = {
                ".gz", ".xz", ".zst", ".bz2", ".tgz", ".txz", ".tar", ".oci", ".docker",
        };
        _cleanup_free_ char *real = realpath(source->path, NULL), *name = NULL;
        char *base;

        if (!real)
                return -errno;
        base = (char *) path_basename(real);
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                char *suffix = (char *) endswith(base, suffixes[i]);
                if (suffix && suffix > base)
                        *suffix = 0;
        }
        for (char *p = base; *p; p++)
                if ((unsigned char) *p <= ' ' || strchr(",:@%", *p) || *p >= 0x7f)
                        *p = '-';
        name = strjoin(isempty(base) ? "image" : base, ":", tag);
        return name ? source_image_add_name(image, name) : -ENOMEM;
}

/* Import */

typedef struct Layers {
        const Source *source;
        SourceImage *image;
} Layers;

static int open_layer(void *userdata, size_t i, uint64_t offset, char **reterr_message)
{
        const Layers *l = userdata;

        return l->source->kind->open_layer(l->source, &l->image->files[i], offset, reterr_message);
}

static int layer_done(void *userdata, size_t i, int r, char **reterr_message)
{
        const Layers *l = userdata;

        return l->source->kind->layer_done(l->source, &l->image->files[i], r, reterr_message);
}

static int dispatch(void *userdata, char **reterr_message)
{
        const Layers *l = userdata;

        return l->source->dispatch(l->source, reterr_message);
}

static void show_progress(void *userdata, size_t i, uint64_t done)
{
        const Layers *l = userdata;
        const SourceLayer *layer = &l->image->files[i];
        const SourceProgress *progress = l->source->options->progress;

        progress->update(progress->userdata, DIGEST_STRING(&layer->stored), done, layer->stored_size);
}

static LayerItem layer_item(const Source *source, SourceLayer *layer, const Digest *tar)
{
        if (source->kind->remote)
                (void) digest_format_file(&layer->stored, layer->partial);
        return (LayerItem) {
                .tar = tar,
                .stored = layer->has_stored ? &layer->stored : NULL,
                .stored_size = layer->has_stored ? layer->stored_size : UINT64_MAX,
                .partial = source->kind->remote ? layer->partial : NULL,
                .publish = source->kind->remote,
        };
}

static int import_layers(const Source *source, ImageImport *m, SourceImage *image, char **reterr_message)
{
        Layers layers = { source, image };
        const LayerOrigin origin = {
                .open = open_layer,
                .done = source->kind->layer_done ? layer_done : NULL,
                .dispatch = dispatch,
                .poll_fd = source->poll_fd,
                .progress = source->options->progress && source->kind->remote ? show_progress : NULL,
                .userdata = &layers,
        };
        _cleanup_free_ LayerItem *items = new0(LayerItem, image->n_layers);

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < image->n_layers; i++)
                items[i] = layer_item(source, &image->files[i], &image->layers[i]);
        return image_import_layers(m, &origin, items, image->n_layers, reterr_message);
}

int source_image_verify(const SourceImage *image, const ImageVerify *v, ImageTrust *ret, char **reterr_message)
{
        const Digest digests[] = { image->id, image->index };
        ImageClaim claim = { .digests = digests, .n_digests = *image->index.hex ? 2 : 1, .pinned = image->pinned };
        int r;

        if (!v)
                return image_trust_set(ret, TRUST_NONE, image->names ? image->names[0] : "");
        if (!image->manifest)
                return explain(reterr_message, ENODATA,
                               "cannot be verified: a docker archive does not keep what was signed; "
                               "fetch the image from its registry or from an OCI archive, or give "
                               "--insecure-options=image to use it anyway");
        if (image->pinned && !image->names)
                return image_trust_set(ret, TRUST_DIGEST, DIGEST_STRING(&image->id));
        STRV_FOREACH(name, image->names) {
                image_trust_done(ret);
                claim.name = *name;
                r = image_verify_claim(v, &claim, ret, reterr_message);
                if (r < 0)
                        return r;
        }
        return ret->how ? 0 : explain(reterr_message, ENODATA, "cannot be verified: the image has no name");
}

int source_guard_name(const SourceOptions *options, ImageImport *m, const Digest *id, const char *name,
                      char **reterr_message)
{
        int r;

        if (options->verify || options->name || options->n_asked > 0 || !options->guard ||
            image_import_was_verified(m, id, name))
                return 0;
        r = image_verify_has_keys(options->guard, name, reterr_message);
        return r <= 0 ? r : explain(reterr_message, EACCES, "calls itself '%s', for which a key is trusted, and is not "
                                    "verified; give it another name with --name", name);
}

static int guard_names(const Source *source, const SourceImage *image, ImageImport *m, char **reterr_message)
{
        int r = 0;

        if (!source->kind->remote)
                STRV_FOREACH(name, image->names) {
                        r = source_guard_name(source->options, m, &image->id, *name, reterr_message);
                        if (r < 0)
                                return r;
                }
        return r;
}

static int make_manifest(ImageImport *m, SourceImage *image, char **reterr_message)
{
        DockerManifest made;
        int r;

        r = docker_manifest_make(m, &image->config_digest, image->config_size, image->layers, image->n_layers, &made,
                                 reterr_message);
        if (r < 0)
                return r;
        image->manifest = made.text;
        image->manifest_size = made.size;
        image->id = made.id;
        return 0;
}

static int import_verified(const Source *source, ImageImport *m, SourceImage *image, const ImageTrust *trust,
                           char **reterr_message)
{
        int r;

        r = import_layers(source, m, image, reterr_message);
        if (r < 0)
                return r;
        if (!image->manifest) {
                r = make_manifest(m, image, reterr_message);
                if (r < 0)
                        return r;
        }

        return image_import_image(m, &(ImageDraft) {
                .id = image->id,
                .kind = image->kind,
                .layers = image->layers,
                .n_layers = image->n_layers,
                .manifest = image->manifest,
                .manifest_size = image->manifest_size,
                .config = image->config,
                .config_size = image->config_size,
                .names = image->names,
                .trust = trust,
        }, reterr_message);
}

static int check_asked_for(const SourceOptions *options, SourceImage *image, char **reterr_message)
{
        const SourceAsked *asked;

        if (!image->manifest)
                return explain(reterr_message, ENODATA,
                               "has no digest to compare with --digest: a docker archive does not keep what was "
                               "signed; use an OCI archive");
        asked = source_options_asked(options, &image->id);
        if (!asked && *image->index.hex)
                asked = source_options_asked(options, &image->index);
        if (!asked)
                return explain(reterr_message, EACCES, "contains image %s, which --digest does not name",
                               DIGEST_STRING(&image->id));
        image->pinned = true;
        if (options->name)
                return 0;
        image->names = strv_free(image->names);
        return asked->name ? source_image_add_name(image, asked->name) : 0;
}

/* Those that were asked for, all of them, and no others. */
static int check_digests(const SourceOptions *options, SourceImages *images, char **reterr_message)
{
        for (size_t i = 0; options->n_asked > 0 && i < images->n; i++) {
                int r = check_asked_for(options, &images->images[i], reterr_message);

                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < options->n_asked; i++) {
                const Digest *d = &options->asked[i].digest;
                bool there = false;

                for (size_t k = 0; k < images->n; k++)
                        there = there || digest_equal(d, &images->images[k].id) ||
                                digest_equal(d, &images->images[k].index);
                if (!there)
                        return explain(reterr_message, ENOENT, "does not contain image %s of --digest",
                                       DIGEST_STRING(d));
        }
        return 0;
}

static int import_image(const Source *source, ImageImport *m, SourceImage *image, char ***ids, char **reterr_message)
{
        _cleanup_(image_trust_done) ImageTrust trust = {};
        int r;

        r = guard_names(source, image, m, reterr_message);
        if (r < 0)
                return r;
        r = source_image_verify(image, source->options->verify, &trust, reterr_message);
        if (r < 0)
                return r;
        r = import_verified(source, m, image, &trust, reterr_message);
        if (r < 0)
                return r;
        return strv_contains(*ids, DIGEST_STRING(&image->id)) ? 0 : strv_extend(ids, DIGEST_STRING(&image->id));
}

static int expect_layers(ImageImport *m, const SourceImages *images)
{
        _cleanup_free_ Digest *layers = NULL;
        size_t n = 0, k = 0;

        for (size_t i = 0; i < images->n; i++)
                n += images->images[i].n_layers;
        layers = new0(Digest, n);
        if (!layers)
                return -ENOMEM;
        for (size_t i = 0; i < images->n; i++)
                for (size_t j = 0; j < images->images[i].n_layers; j++)
                        layers[k++] = images->images[i].layers[j];
        return image_import_expect_layers(m, layers, n);
}

/* The user's name goes to the single image, even if the source has it under several names. */
static int rename_images(SourceImages *images, const char *name, char **reterr_message)
{
        SourceImage *first = &images->images[0];

        for (size_t i = 1; i < images->n; i++)
                if (!digest_equal(&images->images[i].config_digest, &first->config_digest) ||
                    !digest_equal(&images->images[i].id, &first->id))
                        return explain(reterr_message, ENOTUNIQ, "holds %zu images, which cannot all be '%s'",
                                       images->n, name);
        while (images->n > 1)
                source_images_drop_last(images);
        first->names = strv_free(first->names);
        return source_image_add_name(first, name);
}

int source_import(const Source *source, ImageImport *m, SourceImages *images, char ***ids, char **reterr_message)
{
        int r;

        if (source->options->name) {
                r = rename_images(images, source->options->name, reterr_message);
                if (r < 0)
                        return r;
        }

        r = check_digests(source->options, images, reterr_message);
        if (r < 0)
                return r;
        r = expect_layers(m, images);
        if (r < 0)
                return r;
        for (size_t i = 0; i < images->n; i++) {
                r = import_image(source, m, &images->images[i], ids, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}
