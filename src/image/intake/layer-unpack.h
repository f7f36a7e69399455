/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/tree/image-unpack.h"
#include "shared/worker.h"

/* Unpacking in a process of its own that can reach nothing but the tree: the directory is its root, it has the
 * capabilities that making files of any owner and kind takes, the system calls that takes, and no file descriptors but
 * those it is given. So a hole in a decompressor or in a tar reader gives an attacker only the layer that was being
 * written. */

typedef struct LayerUnpack {
        int input_fd;           /* the archive */
        int tree_fd;            /* an empty directory */
        int implied_fd;         /* a file for the list of implied directories, each ended by a NUL */
        int manifest_fd;        /* a file for the manifest of an ACI; negative: none is expected */
        UnpackStyle style;
        DigestAlgorithm algorithm;      /* of tar_digest */
} LayerUnpack;

typedef struct LayerUnpackResult {
        uint64_t size;          /* bytes of file contents */
        Digest tar_digest;
        uint64_t tar_size;
        bool end_mark;
        uint32_t highest_id;    /* see UnpackResult, as the next */
        bool privileged;
} LayerUnpackResult;

/* The first thing the process does. */
int layer_unpack_confine(const LayerUnpack *u, char **reterr_message);

/* Errors are those of image_unpack(). The fds stay the caller's. */
int layer_unpack_start(const LayerUnpack *what, Worker *ret);
int layer_unpack_finish(Worker *w, LayerUnpackResult *ret, char **reterr_message);
