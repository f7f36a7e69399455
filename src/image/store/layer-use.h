/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* All layers of the store, each with its size and the number of images that need it. Sizes are those that were recorded
 * when the layer came in: of its files, and of the archive as it was fetched. */
typedef struct LayerUse {
        char name[DIGEST_STRING_MAX];
        uint64_t bytes;
        size_t n_images; /* an image that has a layer twice counts twice, but see layer_uses_share() */
        bool pinned;     /* for the caller: it stays without images, too */
} LayerUse;

typedef struct LayerUses {
        LayerUse *items; /* sorted by name */
        size_t n;
        uint64_t bytes;
} LayerUses;

/* The size of one, by its name; 0 when it is not known. */
uint64_t layer_bytes(ImageStore *s, const char *layer);

int layer_uses_read(ImageStore *s, LayerUses *ret);
void layer_uses_done(LayerUses *u);

void layer_uses_add(LayerUses *u, const Image *image);
/* Returns the bytes of the layers that no image needs any more, and that are not pinned. */
uint64_t layer_uses_remove(LayerUses *u, const Image *image);

/* What an image takes, once all images were added: with others, and alone. A layer that it has twice counts once. */
typedef struct ImageShare {
        uint64_t shared, unique;
} ImageShare;

ImageShare layer_uses_share(const LayerUses *u, const Image *image);
