/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/patience.h"
#include "image/store/image-store.h"

/* Directories below tmp/ in which what enters or leaves the store is put together. Its maker holds a lock on it; when
 * the maker is gone, however that came, the lock is too, and any process may clear the directory away. */

typedef struct Staging {
        int tmp_fd;             /* the store's */
        int fd;                 /* locked */
        char name[40];
} Staging;

int staging_new(ImageStore *s, Staging **ret);
/* Removes it with all that is still in it. */
Staging *staging_free(Staging *g);
DEFINE_TRIVIAL_CLEANUP_FUNC(Staging *, staging_free);

/* How long a fetch waits for others that bring what it wants, in all. After that it brings it itself: others
 * may be at the mercy of a slow server, a full pipe or somebody's ill will. */
#define STAGING_PATIENCE ((Patience) { .step_usec = 10000, .left_usec = 30 * UINT64_C(1000000) })

/* The lock of the process that unpacks a layer, so that others need not; see lock_file_within(). Its file is in tmp/ as
 * well. */
int staging_lock_layer(ImageStore *s, const Digest *layer, Patience *patience);
/* Gives it up, and its file with it. */
int staging_unlock_layer(ImageStore *s, const Digest *layer, int lock_fd);

/* Layers that its maker counts on, be they in the store already or to come: nobody removes them while the staging
 * directory is there. The caller holds the store's lock, shared, meanwhile, and need not afterwards. */
int staging_pin(Staging *g, const Digest *layers, size_t n);
/* Of all staging directories there are, "sha256-…". */
int staging_read_pins(ImageStore *s, char ***ret);

/* Removes what killed processes left behind. */
int staging_clean(ImageStore *s);
