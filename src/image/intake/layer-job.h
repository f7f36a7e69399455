/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/layer-store.h"
#include "image/tree/image-unpack.h"
#include "shared/worker.h"

/* Brings one layer into the store, in one pass and in separate processes:
 *
 *     file or network → digest of the blob, and the blob kept → confined: decompression → digest of the tar → tree
 *
 * The digest of the fetched blob is computed outside the confinement: an attacker can take over the confined process
 * only with a blob whose digest is the right one. */

typedef struct LayerJob {
        /* The task; the caller owns the fds and may close them once the job was started. */
        int input_fd;           /* the blob, or the part that follows what is already there */
        int layer_fd;           /* an empty directory */
        int blob_fd;            /* the file that keeps the blob, open for reading and writing; its contents are taken as
                                 * the beginning of the blob. Negative: the job creates one in the directory */
        const Digest *stored;   /* the digest that it must have; NULL: unknown */
        uint64_t stored_size;   /* UINT64_MAX: unknown */
        const Digest *tar;      /* the layer's name; NULL: an ACI, whose name is known only after unpacking it */
        Worker worker;
} LayerJob;

typedef struct LayerJobResult {
        Digest tar;             /* the layer's name */
        LayerInfo info;         /* as written down */
} LayerJobResult;

/* The file in the directory that receives the manifest of an ACI. */
#define LAYER_JOB_MANIFEST "manifest"

int layer_job_start(LayerJob *job);

/* The number of bytes of the blob processed so far. */
uint64_t layer_job_progress(const LayerJob *job);

/* The input ended too early; the bytes so far are in blob_fd and can be resumed from. A code that no system call
 * returns, since callers react to it; it fits into a worker's exit status. */
#define LAYER_TOO_SHORT 200

/* Waits for the job. -EBADMSG: damaged, malicious, or with other digests; -LAYER_TOO_SHORT. Afterwards, also after a
 * failure, the job can be started again. */
int layer_job_finish(LayerJob *job, LayerJobResult *ret, char **reterr_message);
