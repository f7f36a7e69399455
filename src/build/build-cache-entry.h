/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "shared/json-table.h"

/* What a step of a build has made, in a document below steps/ of the cache that has the step's key as its name. */

typedef struct BuildCacheFile {
        char *path;             /* in the build */
        char *file;             /* in files/ of the cache, where several entries have it */
        char *digest;           /* SHA-256 of what it was when it was kept, in hex */
} BuildCacheFile;

typedef struct BuildCacheEntry {
        char *record;           /* of the build, when the step was done */
        BuildCacheFile *files;  /* the ones it names */
        size_t n_files;
} BuildCacheEntry;

/* -ENOENT: there is none. -EBADMSG: it is damaged. */
int build_cache_entry_read(int steps_fd, const char *name, BuildCacheEntry **ret);
int build_cache_entry_write(int steps_fd, const char *name, const BuildCacheEntry *entry);
BuildCacheEntry *build_cache_entry_free(BuildCacheEntry *entry);
DEFINE_TRIVIAL_CLEANUP_FUNC(BuildCacheEntry *, build_cache_entry_free);
