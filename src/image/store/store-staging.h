/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/patience.h"
#include "image/store/image-store.h"

/* Directories below tmp/ in which entries are assembled that enter or leave the store. The process that creates one
 * holds a lock on it; when that process ends, for whatever reason, the lock is released, and any process may remove the
 * directory. */

typedef struct Staging {
        int tmp_fd;             /* the store's */
        int fd;                 /* locked */
        char name[40];
} Staging;

int staging_new(ImageStore *s, Staging **ret);
/* Removes it with everything that is still in it. */
Staging *staging_free(Staging *g);
DEFINE_TRIVIAL_CLEANUP_FUNC(Staging *, staging_free);

/* How long, in total, a fetch waits for other processes that fetch the same things. After that it fetches them itself:
 * the others may depend on a slow server, a full pipe or a malicious process. */
#define STAGING_PATIENCE ((Patience) { .step_usec = 10000, .left_usec = 30 * UINT64_C(1000000) })

/* The lock of the process that unpacks a layer, so that others need not; see lock_file_within(). Its file is also in
 * tmp/. */
int staging_lock_layer(ImageStore *s, const Digest *layer, Patience *patience);
/* Releases it, and removes its file. */
int staging_unlock_layer(ImageStore *s, const Digest *layer, int lock_fd);

/* Pins layers that the creator relies on, whether they are in the store already or not: they are not removed while the
 * staging directory exists. The caller holds the store's lock, shared, during the call only. */
int staging_pin(Staging *g, const Digest *layers, size_t n);
/* The pins of all staging directories, "sha256-…". */
int staging_read_pins(ImageStore *s, char ***ret);

/* Removes leftovers of killed processes. */
int staging_clean(ImageStore *s);
