/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* The record of a remote image under the name or URL it was fetched by, so that checking for a newer one is cheap:
 * files in the store's remotes/, named by a digest of that name or URL. A record of an image that was removed is
 * ignored. */
typedef struct ImageRemote {
        char *source;           /* the name or URL */
        char *image;            /* its ID here */
        char *digest;           /* of the manifest or index that the name referred to there; registries only */
        char *etag;
        char *last_modified;
        uint64_t checked;       /* nanoseconds since the epoch */
        uint64_t max_age;       /* seconds for which the server need not be asked again */
} ImageRemote;

void image_remote_done(ImageRemote *r);

/* -ENOENT: there is no record, or its image was removed. */
int image_remote_read(ImageStore *s, const char *source, ImageRemote *ret);
int image_remote_write(ImageStore *s, const ImageRemote *remote);

/* Deletes the records of images that were removed. */
int image_remotes_prune(ImageStore *s);
