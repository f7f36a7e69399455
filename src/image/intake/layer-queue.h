/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/layer-job.h"
#include "image/store/image-store.h"

/* Layers on their way into the store, several in parallel. */

typedef struct LayerItem {
        const Digest *tar;      /* the layer's name; NULL: an ACI, whose name is known at the end */
        const Digest *stored;   /* digest of the blob; NULL when unknown */
        uint64_t stored_size;   /* UINT64_MAX when unknown */
        const char *partial;    /* the file in partial/ with which an interrupted transfer is resumed; NULL: it cannot
                                 * be resumed. The queue locks the file */
        bool publish;           /* moved to its final place as soon as it is complete */
        int *lock_fd;           /* the layer's lock, released then; NULL: there is none */
        LayerJobResult result;  /* output; not set for layers that already existed */
} LayerItem;

/* The source of the blobs. */
typedef struct LayerOrigin {
        /* Returns an fd that the queue owns and that yields the blob from this offset to its end. */
        int (*open)(void *userdata, size_t i, uint64_t offset, char **reterr_message);
        /* The layer is finished, or has failed. Returns r, or a better error that the origin knows: a blob is too short
         * because the transfer was interrupted. May be NULL. */
        int (*done)(void *userdata, size_t i, int r, char **reterr_message);
        /* Called when poll_fd is readable; NULL and negative when there is nothing to poll. */
        int (*dispatch)(void *userdata, char **reterr_message);
        int poll_fd;
        /* Called from time to time with the number of bytes of each so far. May be NULL. */
        void (*progress)(void *userdata, size_t i, uint64_t done);
        void *userdata;
} LayerOrigin;

/* Skips layers that are already in the store or the staging directory. The other layers remain in the staging
 * directory, each named by its digest, unless they were published; partial files of interrupted transfers remain if
 * they can be resumed. The first failure ends everything. -EBADMSG: damaged, malicious, or with other digests. */
int layer_queue_run(ImageStore *s, int staging_fd, const LayerOrigin *origin, LayerItem *items, size_t n,
                    char **reterr_message);
