/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/image-store.h"
#include "image/layer-store.h"

/* The way into the store. Sources (an image layout, a docker archive, an ACI, later a registry) say what is to come;
 * everything is put together and checked in a staging directory and appears at the end, layers first, then images,
 * then names. Freed before that, nothing remains.
 *
 * While it lives it holds the store's lock shared, and the locks of the layers it unpacks: another process that wants
 * one of them waits and then finds it. */
typedef struct ImageImport ImageImport;

/* Also clears away what killed processes left. */
int image_import_new(ImageStore *s, ImageImport **ret, char **reterr_message);
ImageImport *image_import_free(ImageImport *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(ImageImport *, image_import_free);

/* An empty directory of the import's own for what must be unpacked before it can be read; the fd is the import's. */
int image_import_scratch(ImageImport *m);

/* All layers that will be asked for, for all images of this import, once and before the first. */
int image_import_expect_layers(ImageImport *m, const Digest *layers, size_t n);

/* What is known of a layer's file before it is read; NULL, or the unlimited size, where nothing is. */
typedef struct LayerSource {
        int fd;
        const Digest *stored;   /* digest of the file */
        uint64_t stored_size;   /* and size; UINT64_MAX */
        const Digest *tar;      /* digest of the uncompressed tar, the layer's name */
} LayerSource;

bool image_import_has_layer(ImageImport *m, const Digest *layer);

/* Unpacks and checks one, unless it is there. -EBADMSG: damaged, hostile, or not of those digests. */
int image_import_layer(ImageImport *m, const LayerSource *source, char **reterr_message);
int image_import_layer_info(ImageImport *m, const Digest *layer, LayerInfo *ret, char **reterr_message);

/* An ACI is one layer whose digest is the image's ID too, known only at the end. Hands out its manifest. */
int image_import_aci(ImageImport *m, int fd, Digest *ret_id, char **ret_manifest, size_t *ret_size,
                     char **reterr_message);

/* An image all whose layers are there. Nothing is taken over. */
typedef struct ImageDraft {
        Digest id;
        ImageKind kind;
        const Digest *layers;
        size_t n_layers;
        const char *manifest;
        size_t manifest_size;
        const char *config;     /* NULL for appc */
        size_t config_size;
        char *const *names;
} ImageDraft;

int image_import_image(ImageImport *m, const ImageDraft *draft, char **reterr_message);

/* Lets it all appear. */
int image_import_commit(ImageImport *m, char **reterr_message);
