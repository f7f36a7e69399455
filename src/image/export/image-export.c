/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "image/export/aci-export.h"
#include "image/export/artifact-set.h"
#include "image/export/export-plan.h"
#include "image/export/image-export.h"
#include "image/export/layout-writer.h"
#include "image/store/image-store-internal.h"
#include "image/store/layer-store.h"
#include "manifest/oci-image.h"
#include "shared/archive.h"
#include "shared/explain.h"

#define BLOCK_SIZE (256U * 1024)

typedef struct Export {
        ImageStore *store;
        Fetcher *fetcher;
        LayoutWriter *writer;
        ExportPlan *images;     /* of the archive */
        ArtifactSet *artifacts; /* as many; NULL: for an image that is created here */
        size_t n_images;
        int layer_fd;           /* the only layer of an image that is created here; otherwise negative */
        char **reterr_message;
} Export;

/* Layers */

/* Reads the next bytes of a layer; 0 at the end. */
typedef ssize_t (*ReadLayer)(void *from, char *buffer, size_t n);

static ssize_t read_file(void *from, char *buffer, size_t n)
{
        return loop_read(*(int *) from, buffer, n);
}

static ssize_t read_decompressed(void *from, char *buffer, size_t n)
{
        la_ssize_t k = archive_read_data(from, buffer, n);

        return k < 0 ? -EBADMSG : k;
}

/* The exported bytes match the manifest, or nothing is exported. Images may share the layer. */
static int write_checked(Export *e, const OciDescriptor *d, ReadLayer read_layer, void *from)
{
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        uint64_t size = 0;
        Digest found;
        ssize_t n;
        int r;

        if (!block)
                return -ENOMEM;
        r = hasher_new(d->digest.algorithm, &hasher);
        if (r < 0)
                return r;
        r = layout_writer_begin_blob(e->writer, &d->digest, d->size, e->reterr_message);
        if (r <= 0)
                return r;
        while ((n = read_layer(from, block, BLOCK_SIZE)) > 0 && size + (uint64_t) n <= d->size) {
                size += (uint64_t) n;
                r = hasher_update(hasher, block, (size_t) n);
                if (r < 0)
                        return r;
                r = layout_writer_data(e->writer, block, (size_t) n, e->reterr_message);
                if (r < 0)
                        return r;
        }
        if (n < 0)
                return (int) n;
        r = hasher_finish(hasher, &found);
        if (r < 0)
                return r;
        return n > 0 || size != d->size || !digest_equal(&found, &d->digest)
                       ? explain(e->reterr_message, EBADMSG, "is damaged; fetch the image again")
                       : 0;
}

static int write_decompressed(Export *e, const OciDescriptor *d, int fd)
{
        struct archive_entry *entry;
        struct archive *raw;
        int r = libarchive_load(e->reterr_message);

        if (r < 0)
                return r;
        raw = archive_read_new();
        if (!raw)
                return -ENOMEM;
        if (archive_read_support_filter_all(raw) < ARCHIVE_WARN ||
            archive_read_support_format_raw(raw) != ARCHIVE_OK ||
            archive_read_open_fd(raw, fd, BLOCK_SIZE) != ARCHIVE_OK ||
            archive_read_next_header(raw, &entry) < ARCHIVE_WARN)
                r = explain(e->reterr_message, EBADMSG, "is damaged; fetch the image again");
        else
                r = write_checked(e, d, read_decompressed, raw);
        (void) archive_read_free(raw);
        return r;
}

static int write_kept(Export *e, const OciDescriptor *d, const Digest *layer, bool decompress)
{
        _cleanup_close_ int fd = layer_blob_open(e->store->layers_fd, layer);

        if (fd < 0)
                return explain(e->reterr_message, fd, "is not kept as it was fetched; fetch the image again");
        return decompress ? write_decompressed(e, d, fd) : write_checked(e, d, read_file, &fd);
}

static int write_layer(Export *e, const ExportPlan *x, size_t i)
{
        const OciDescriptor *d = &x->manifest->layers[i];
        const ExportLayer *l = &x->layers[i];

        return l->fd >= 0 ? write_checked(e, d, read_file, (void *) &l->fd)
                          : write_kept(e, d, &x->image->layers[i], l->decompress);
}

static int write_layers(Export *e, const ExportPlan *x)
{
        if (e->layer_fd >= 0)
                return write_checked(e, &x->manifest->layers[0], read_file, &e->layer_fd);
        for (size_t i = 0; i < x->n_layers; i++) {
                int r = write_layer(e, x, i);

                if (r < 0)
                        return explain_context(e->reterr_message, r, "layer %s",
                                               DIGEST_STRING(&x->manifest->layers[i].digest));
        }
        return 0;
}

/* Says which one it is. */
static int of_image(const Export *e, const ExportPlan *x, int r)
{
        if (r < 0 && e->n_images > 1)
                (void) explain_context(e->reterr_message, r, "image %s", DIGEST_FILE(&x->image->id));
        return r;
}

/* index.json */

/* A name may be missing. */
static void add_entry(const ExportPlan *x, const ArtifactSet *artifacts, const char *name, json_object *index)
{
        const char *media_type = x->manifest->media_type ?: OCI_MEDIA_TYPE_MANIFEST;
        json_object *entry = layout_index_add(index, media_type, &x->id, strlen(x->text), name);

        if (artifacts)
                artifact_set_annotate(artifacts, entry);
}

static void add_entries(const ExportPlan *x, const ArtifactSet *artifacts, json_object *index)
{
        STRV_FOREACH(name, x->image->names)
                add_entry(x, artifacts, *name, index);
        if (strv_length(x->image->names) == 0)
                add_entry(x, artifacts, NULL, index);
}

static int write_index(Export *e)
{
        _cleanup_json_object_ json_object *index = layout_index_new();
        _cleanup_free_ char *text = NULL;
        int r;

        for (size_t i = 0; i < e->n_images; i++)
                add_entries(&e->images[i], e->artifacts ? &e->artifacts[i] : NULL, index);
        r = json_format_compact(index, &text);
        return r < 0 ? r : layout_writer_text(e->writer, "index.json", text, strlen(text), e->reterr_message);
}

static int write_image(Export *e, const ExportPlan *x)
{
        int r = layout_writer_blob_text(e->writer, &x->id, x->text, strlen(x->text), e->reterr_message);

        if (r < 0)
                return r;
        r = layout_writer_blob_text(e->writer, &x->manifest->config.digest, x->image->config, x->image->config_size,
                                    e->reterr_message);
        return r < 0 ? r : write_layers(e, x);
}

/* What is about an image is not about one with another manifest. */
static int plan_image(Export *e, size_t i)
{
        int changed = export_plan_make(e->layer_fd >= 0 ? NULL : e->store, e->fetcher, &e->images[i],
                                       e->reterr_message);
        int r = changed == 0 && e->artifacts
                        ? artifact_set_read_stored(e->store, e->images[i].image, &e->artifacts[i], e->reterr_message)
                        : 0;

        return of_image(e, &e->images[i], r < 0 ? r : changed);
}

static int write_images(Export *e)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < e->n_images; i++) {
                r = write_image(e, &e->images[i]);
                if (r >= 0 && e->artifacts)
                        r = artifact_set_write(&e->artifacts[i], e->writer, e->reterr_message);
                r = of_image(e, &e->images[i], r);
        }
        return r;
}

static int export_oci(Export *e)
{
        int r, changed = 0;

        for (size_t i = 0; i < e->n_images; i++) {
                r = plan_image(e, i);
                if (r < 0)
                        return r;
                changed |= r;
        }
        r = layout_writer_text(e->writer, "oci-layout", LAYOUT_MARKER, strlen(LAYOUT_MARKER), e->reterr_message);
        if (r < 0)
                return r;
        r = write_index(e);
        if (r >= 0)
                r = write_images(e);
        if (r < 0)
                return r;
        r = layout_writer_finish(e->writer, e->reterr_message);
        return r < 0 ? r : changed;
}

static int export_to(Export *e, int fd)
{
        int r = layout_writer_new_tar(fd, &e->writer, e->reterr_message);

        if (r >= 0)
                r = export_oci(e);
        layout_writer_free(e->writer);
        for (size_t i = 0; i < e->n_images; i++) {
                export_plan_done(&e->images[i]);
                if (e->artifacts)
                        artifact_set_done(&e->artifacts[i]);
        }
        return r;
}

int image_export_oci(ImageStore *s, Image *const *images, size_t n, Fetcher *fetcher, int fd, char **reterr_message)
{
        _cleanup_free_ ExportPlan *list = new0(ExportPlan, n);
        _cleanup_free_ ArtifactSet *artifacts = new0(ArtifactSet, n);
        Export e = {
                .store = s, .images = list, .artifacts = artifacts, .n_images = n, .fetcher = fetcher,
                .layer_fd = -EBADF, .reterr_message = reterr_message,
        };

        if (!list || !artifacts)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                artifacts[i] = (ArtifactSet) ARTIFACT_SET_NONE;
                if (images[i]->kind == IMAGE_APPC)
                        return explain(reterr_message, EMEDIUMTYPE, "an appc image can be exported as an ACI only");
                list[i].image = images[i];
        }
        return export_to(&e, fd);
}

int image_export_aci(ImageStore *s, const Image *image, int fd, char **reterr_message)
{
        _cleanup_close_ int blob = -EBADF;
        int r;

        if (image->kind != IMAGE_APPC)
                return aci_export(s, image, fd, reterr_message);
        blob = layer_blob_open(s->layers_fd, &image->layers[0]);
        if (blob < 0)
                return explain(reterr_message, blob, "is not kept as it was fetched; fetch it again");
        r = copy_bytes(blob, fd);
        return r < 0 ? explain(reterr_message, r, "cannot be written: %s", strerror(-r)) : 0;
}

/* Images that are created here */

static json_object *array_of(json_object *o)
{
        json_object *array = json_object_new_array();

        (void) json_object_array_add(array, o);
        return array;
}

static int complete_config(json_object *config, const Digest *layer, char **ret, size_t *ret_size)
{
        json_object *rootfs = json_object_new_object();
        int r;

        (void) json_object_object_add(rootfs, "type", json_object_new_string("layers"));
        (void) json_object_object_add(rootfs, "diff_ids", array_of(json_object_new_string(DIGEST_STRING(layer))));
        (void) json_object_object_add(config, "rootfs", rootfs);
        /* These describe layers that no longer exist. */
        json_object_object_del(config, "history");
        r = json_format_compact(config, ret);
        if (r < 0)
                return r;
        *ret_size = strlen(*ret);
        return r;
}

static int make_manifest(const Image *image, const Digest *layer, uint64_t layer_size, char **ret, size_t *ret_size)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        Digest config;
        int r;

        r = digest_of_memory(DIGEST_SHA256, image->config, image->config_size, &config);
        if (r < 0)
                return r;
        (void) json_object_object_add(o, "schemaVersion", json_object_new_int(2));
        (void) json_object_object_add(o, "mediaType", json_object_new_string(OCI_MEDIA_TYPE_MANIFEST));
        (void) json_object_object_add(o, "config", layout_descriptor_new(OCI_MEDIA_TYPE_CONFIG, &config,
                                                                         image->config_size));
        (void) json_object_object_add(o, "layers", array_of(layout_descriptor_new(OCI_MEDIA_TYPE_LAYER, layer,
                                                                                  layer_size)));
        r = json_format_compact(o, ret);
        if (r < 0)
                return r;
        *ret_size = strlen(*ret);
        return r;
}

/* In the archive its size comes first, so the layer must be stored temporarily. */
static int write_layer_aside(const OciContents *contents, char **reterr_message)
{
        _cleanup_close_ int fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return explain(reterr_message, errno, "cannot write to /var/tmp: %s", strerror(errno));
        r = aci_write(&(AciContents) { .tree = contents->tree }, false, fd, reterr_message);
        return r < 0 ? r : TAKE_FD(fd);
}

int image_write_oci(const OciContents *contents, int fd, char **reterr_message)
{
        _cleanup_close_ int layer_fd = write_layer_aside(contents, reterr_message);
        _cleanup_free_ char *config = NULL, *manifest = NULL;
        Image image = { .kind = IMAGE_OCI, .names = contents->names };
        uint64_t size = 0;
        Digest layer;
        int r;

        if (layer_fd < 0)
                return layer_fd;
        /* It is not compressed, so that its digest is that of its tar. */
        r = digest_of_file(DIGEST_SHA256, layer_fd, &layer, &size);
        if (r < 0)
                return r;
        r = complete_config(contents->config, &layer, &config, &image.config_size);
        if (r < 0)
                return r;
        image.config = config;
        r = make_manifest(&image, &layer, size, &manifest, &image.manifest_size);
        if (r < 0)
                return r;
        image.manifest = manifest;
        r = digest_of_memory(DIGEST_SHA256, image.manifest, image.manifest_size, &image.id);
        if (r < 0)
                return r;
        return export_to(&(Export) {
                .images = &(ExportPlan) { .image = &image }, .n_images = 1, .layer_fd = layer_fd,
                .reterr_message = reterr_message,
        }, fd);
}
