/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/layer-queue.h"
#include "image/store/image-store.h"

/* The way into the store. Sources (an image layout, a docker archive, an ACI, later a registry) say what is to come;
 * everything is put together and checked in a staging directory and appears at the end, layers first, then images,
 * then names. Freed before that, nothing remains.
 *
 * While it lives it holds the locks of the layers it unpacks: another process that wants one of them waits and then
 * finds it. The store's lock it takes only for moments, since a fetch may last as long as a server likes: what it
 * counts on is pinned by its staging directory. */
typedef struct ImageImport ImageImport;

/* Also clears away what killed processes left. */
int image_import_new(ImageStore *s, ImageImport **ret, char **reterr_message);
ImageImport *image_import_free(ImageImport *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(ImageImport *, image_import_free);

/* An empty directory of the import's own for what must be unpacked before it can be read; the fd is the import's. */
int image_import_scratch(ImageImport *m);

/* All layers that will be asked for, for all images of this import, once and before the first. */
int image_import_expect_layers(ImageImport *m, const Digest *layers, size_t n);

/* Brings the layers in; see image/intake/layer-queue.h for what the items say, but their locks are the import's
 * affair. */
int image_import_layers(ImageImport *m, const LayerOrigin *origin, LayerItem *items, size_t n, char **reterr_message);
int image_import_layer_info(ImageImport *m, const Digest *layer, LayerInfo *ret, char **reterr_message);

/* Of a layer that was an ACI: its manifest. */
int image_import_aci_manifest(ImageImport *m, const Digest *layer, char **ret, size_t *ret_size);
/* The blob of a layer of this import or of the store. */
int image_import_blob_open(ImageImport *m, const Digest *layer);

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
        const ImageTrust *trust;
} ImageDraft;

/* Whether the store has this image already, verified for that name. */
bool image_import_was_verified(ImageImport *m, const Digest *id, const char *name);

int image_import_image(ImageImport *m, const ImageDraft *draft, char **reterr_message);

/* Lets it all appear. */
int image_import_commit(ImageImport *m, char **reterr_message);
