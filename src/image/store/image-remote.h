/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"

/* What is known of an image from elsewhere by the name or URL it was fetched under, so that asking whether there is a
 * newer one costs little: files in the store's remotes/, named by a digest of what they are about. One about an image
 * that is gone says nothing any more. */
typedef struct ImageRemote {
        char *source;           /* the name or URL */
        char *image;            /* its ID here */
        char *digest;           /* of what the name stood for there: a manifest or an index; registries only */
        char *etag;
        char *last_modified;
        uint64_t checked;       /* nanoseconds since the epoch */
        uint64_t max_age;       /* seconds for which it need not be asked about again */
} ImageRemote;

void image_remote_done(ImageRemote *r);

/* -ENOENT: nothing is known, or it was about an image that is not there any more. */
int image_remote_read(ImageStore *s, const char *source, ImageRemote *ret);
int image_remote_write(ImageStore *s, const ImageRemote *remote);

/* Forgets what is about images that are not there. */
int image_remotes_prune(ImageStore *s);
