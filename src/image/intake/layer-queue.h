/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/intake/layer-job.h"
#include "image/store/image-store.h"

/* Layers on their way into the store, several at a time. */

typedef struct LayerItem {
        const Digest *tar;      /* the layer's name; NULL: an ACI, which says so itself in the end */
        const Digest *stored;   /* of the blob; NULL where it is not known */
        uint64_t stored_size;   /* UINT64_MAX where it is not known */
        const char *partial;    /* the file in partial/ by which an interrupted transfer is gone on with; NULL: there is
                                 * no use in that. The queue locks it */
        bool publish;           /* goes to its place as soon as it is complete */
        int *lock_fd;           /* the layer's lock, given up then; NULL: there is none */
        LayerJobResult result;  /* out; nothing for those that were there already */
} LayerItem;

/* Where the blobs come from. */
typedef struct LayerOrigin {
        /* Returns an fd of the queue's own that gives the blob from this offset to its end. */
        int (*open)(void *userdata, size_t i, uint64_t offset, char **reterr_message);
        /* The layer is through, or has failed. Returns r, or what the origin knows better: that the transfer broke is
         * the reason for a blob being too short. May be NULL. */
        int (*done)(void *userdata, size_t i, int r, char **reterr_message);
        /* Called when poll_fd is readable; NULL and negative when there is nothing to wait for. */
        int (*dispatch)(void *userdata, char **reterr_message);
        int poll_fd;
        /* Called now and then with what was got of each so far. May be NULL. */
        void (*progress)(void *userdata, size_t i, uint64_t done);
        void *userdata;
} LayerOrigin;

/* Layers that are in the store or the staging directory already are passed over. What remains in the staging directory
 * of the others is a layer each, named by its digest, unless it was published; partial files of those that broke off
 * remain where they can be gone on with. The first failure ends all. -EBADMSG: damaged, hostile, or not of those
 * digests. */
int layer_queue_run(ImageStore *s, int staging_fd, const LayerOrigin *origin, LayerItem *items, size_t n,
                    char **reterr_message);
