/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/image-store.h"

/* Directories below tmp/ in which what enters or leaves the store is put together. Its maker holds a lock on it; when
 * he is gone, however he went, the lock is too, and anybody may clear the directory away. */

typedef struct Staging {
        int tmp_fd;             /* the store's */
        int fd;                 /* locked */
        char name[40];
} Staging;

int staging_new(ImageStore *s, Staging **ret);
/* Removes it with all that is still in it. */
Staging *staging_free(Staging *g);
DEFINE_TRIVIAL_CLEANUP_FUNC(Staging *, staging_free);

/* The lock that lets one process at a time unpack a layer; waits for it. Its file is in tmp/ as well. */
int staging_lock_layer(ImageStore *s, const Digest *layer);
/* Gives it up, and its file with it. */
int staging_unlock_layer(ImageStore *s, const Digest *layer, int lock_fd);

/* Layers that its maker counts on, be they in the store already or to come: nobody removes them while the staging
 * directory is there. The caller holds the store's lock, shared, meanwhile, and need not afterwards. */
int staging_pin(Staging *g, const Digest *layers, size_t n);
/* Of all staging directories there are, "sha256-…". */
int staging_read_pins(ImageStore *s, char ***ret);

/* Removes what killed processes left behind. */
int staging_clean(ImageStore *s);
