/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/layer-store.h"
#include "image/tree/image-unpack.h"
#include "shared/worker.h"

/* One layer on its way into the store, in one pass and in processes of its own:
 *
 *     file or network → digest of the blob, and the blob kept → confined: decompression → digest of the tar → tree
 *
 * The digest of what was fetched is computed outside the confinement: an attacker who takes over what is in there by a
 * blob can do so only with one whose digest is the right one. */

typedef struct LayerJob {
        /* What to do; the fds stay the caller's, who may close them once the job was started. */
        int input_fd;           /* the blob, or what comes behind the part that is there already */
        int layer_fd;           /* an empty directory */
        int blob_fd;            /* where the blob is kept, open for reading and writing; what is in there already is
                                 * taken as its beginning. Negative: makes one in the directory */
        const Digest *stored;   /* what its digest must be; NULL: unknown */
        uint64_t stored_size;   /* UINT64_MAX: unknown */
        const Digest *tar;      /* the layer's name; NULL: an ACI, whose name is learnt by unpacking it */
        Worker worker;
} LayerJob;

typedef struct LayerJobResult {
        Digest tar;             /* the layer's name */
        LayerInfo info;         /* as written down */
} LayerJobResult;

/* An ACI's manifest is left in the file "manifest" of the directory. */
#define LAYER_JOB_MANIFEST "manifest"

int layer_job_start(LayerJob *job);

/* The count of bytes of the blob dealt with so far. */
uint64_t layer_job_progress(const LayerJob *job);

/* The input ended too early; what there was is in blob_fd and good to go on from. A code that no call of the system
 * returns, since a caller does something about it; it fits into a worker's exit status. */
#define LAYER_TOO_SHORT 200

/* Waits. -EBADMSG: damaged, hostile, or not of those digests; -LAYER_TOO_SHORT. Afterwards, also after a failure, the
 * job is free for another start. */
int layer_job_finish(LayerJob *job, LayerJobResult *ret, char **reterr_message);
