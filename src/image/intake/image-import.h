/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/layer-queue.h"
#include "image/store/image-store.h"

/* The way into the store. Sources (an image layout, a docker archive, an ACI, a registry) announce what they bring;
 * everything is assembled and checked in a staging directory and published at the end, layers first, then images,
 * then names. If the import is freed before that, nothing remains.
 *
 * While it exists it holds the locks of the layers it unpacks: another process that wants one of them waits and then
 * finds it. It takes the store's lock only for moments, since a fetch may last as long as a server likes: its
 * staging directory pins the layers that it relies on. */
typedef struct ImageImport ImageImport;

/* Also removes leftovers of killed processes. */
int image_import_new(ImageStore *s, ImageImport **ret, char **reterr_message);
ImageImport *image_import_free(ImageImport *m);
DEFINE_TRIVIAL_CLEANUP_FUNC(ImageImport *, image_import_free);

/* An empty directory of the import, for things that must be unpacked before they can be read; the import owns the
 * fd. */
int image_import_scratch(ImageImport *m);

/* Declares all layers that will be requested, for all images of this import, once and before the first request. */
int image_import_expect_layers(ImageImport *m, const Digest *layers, size_t n);

/* Brings the layers in; image/intake/layer-queue.h describes the items, but the import manages their locks. */
int image_import_layers(ImageImport *m, const LayerOrigin *origin, LayerItem *items, size_t n, char **reterr_message);
int image_import_layer_info(ImageImport *m, const Digest *layer, LayerInfo *ret, char **reterr_message);

/* The manifest of a layer that was an ACI. */
int image_import_aci_manifest(ImageImport *m, const Digest *layer, char **ret, size_t *ret_size);
/* The blob of a layer of this import or of the store. */
int image_import_blob_open(ImageImport *m, const Digest *layer);

/* Adds an image whose layers are all there. Takes no ownership. */
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

/* Publishes everything. */
int image_import_commit(ImageImport *m, char **reterr_message);
