/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-cache-entry.h"
#include "build/build-cache.h"

struct BuildCache {
        char *path;
        int dir_fd;
        int lock_fd;
        int steps_fd;
        int files_fd;
        int shared_fd;
        int partial_fd;
        bool has_key;
        Digest key;
        BuildCacheEntry *pending;       /* what the build is to become */
        BuildCacheFile *known;          /* files of the build that are in the cache */
        size_t n_known, n_allocated;
        char **sound;                   /* "FILE DIGEST" of those that were read, and are what they were */
};

/* Files of a build are never written to once they have their names, so that both may have the same. Nothing is done if
 * there is one of the new name. */
int build_cache_share_file(int from_fd, const char *from, int to_fd, const char *to);
