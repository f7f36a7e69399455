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
        bool has_key;
        Digest key;
        BuildCacheEntry *pending;       /* what the build is to become */
        BuildCacheFile *known;          /* files of the build that are in the cache */
        size_t n_known, n_allocated;
};
