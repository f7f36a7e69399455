/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree/image-unpack.h"
#include "shared/worker.h"

/* Unpacking in a separate process that can reach only the tree: the directory is its root; it has only the capabilities
 * and system calls needed to create files of any owner and type, and only the file descriptors it is given. So a
 * vulnerability in a decompressor or in a tar reader gives an attacker only the layer that was being written. */

typedef struct LayerUnpack {
        int input_fd;           /* the archive */
        int tree_fd;            /* an empty directory */
        int implied_fd;         /* a file for the list of implied directories, each terminated by a NUL */
        int manifest_fd;        /* a file for the manifest of an ACI; negative: none is expected */
        UnpackStyle style;
        DigestAlgorithm algorithm;      /* of tar_digest */
} LayerUnpack;

typedef struct LayerUnpackResult {
        uint64_t size;          /* bytes of file contents */
        Digest tar_digest;
        uint64_t tar_size;
        bool end_mark;
        uint32_t highest_id;    /* see UnpackResult, also for the next */
        bool privileged;
} LayerUnpackResult;

/* The main function of the process. */
int layer_unpack_confine(const LayerUnpack *u, char **reterr_message);

/* Errors are those of image_unpack(). The caller owns the fds. */
int layer_unpack_start(const LayerUnpack *what, Worker *ret);
int layer_unpack_finish(Worker *w, LayerUnpackResult *ret, char **reterr_message);
