/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "shared/json-table.h"

/* Layers: a directory each, created elsewhere, renamed into place when complete, then never changed. It contains
 * "rootfs", "blob", the archive exactly as it was fetched, "layer", our record as JSON, and "implied": the directories
 * without an entry in the archive, each terminated by a NUL. */

#define LAYER_TREE "rootfs"
#define LAYER_BLOB "blob"
#define LAYER_IMPLIED "implied"
/* Trees beside the layers that are made for one image, of directories and links only (image/store/implied-tree.h). */
#define IMPLIED_TREE_PREFIX "top-"
/* In the directory of a layer or an image: it was found damaged (image/store/store-damage.h). */
#define DAMAGE_MARK "damaged"

typedef struct LayerInfo {
        uint64_t size;          /* bytes of file contents */
        uint64_t tar_size;      /* of the uncompressed tar */
        Digest blob;            /* digest of the archive as fetched; of the layer's own algorithm where nobody asked
                                 * for another; no hex: there is no blob (a layer of an older version) */
        uint64_t blob_size;
        uint64_t highest_id;    /* of the users and groups its files belong to; 0 in a layer of an older version, too */
        Tristate privileged;    /* whether executing a file of it may give privileges; unset in a layer of an older
                                 * version */
} LayerInfo;

/* layers_fd: the store's directory or a similar one in a staging directory. A layer that was found damaged does not
 * count (image/store/store-damage.h). */
bool layer_exists(int layers_fd, const Digest *layer);
/* -ENOENT. */
int layer_info_read(int layers_fd, const Digest *layer, LayerInfo *ret, char **reterr_message);
int layer_implied_read(int layers_fd, const Digest *layer, char ***ret);

/* The same for the tree of a layer by its path, LAYERS/NAME/rootfs. If unknown, it may be privileged. */
void layer_path_info(const char *tree, LayerInfo *ret);

/* Writes the record into a layer that is being created. */
int layer_info_write(int layer_fd, const LayerInfo *info);

/* The archive as it was fetched. -ENOENT. */
int layer_blob_open(int layers_fd, const Digest *layer);

/* Opens the tree. */
int layer_tree_open(int layers_fd, const Digest *layer);
/* Whether its top directory hides all layers below. */
bool layer_is_opaque(int layers_fd, const Digest *layer);
