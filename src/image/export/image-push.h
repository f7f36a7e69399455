/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"

/* An image goes to a registry: first its blobs, unless they are there, then its manifest, so that it is complete as
 * soon as it has its name. */

typedef struct PushBlob {
        int fd;                 /* which the process that talks to the network reads */
        Digest digest;
        uint64_t size;
        const char *from;       /* a repository of the same registry that may have it, or NULL */
} PushBlob;

typedef struct PushImage {
        const PushBlob *blobs;
        size_t n_blobs;
        const char *manifest;
        const char *media_type;
        Digest digest;          /* of the manifest */
} PushImage;

/* Under the name's tag, or "latest". Errors are those of fetcher_fetch(). -EBADMSG: a blob is not what it should be. */
int image_push(Fetcher *f, const DockerReference *name, const PushImage *image, char **reterr_message);
