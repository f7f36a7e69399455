/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"

/* What steps of builds have made, so that the same step on the same ground need not be carried out again:
 *
 *     lock             held shared by builds, and alone by the one that trims
 *     steps/KEY        a step (build/build-cache-entry.h); its time is that of its last use
 *     files/KEY-N      a file that a step made: one with the build, where both are on one file system; and layers as
 *                      they were compressed (build/build-pack-cache.h)
 *     shared/NAME      a directory of commands that run
 *     partial/DIGEST   the beginning of a layer of a registry, whose download was interrupted
 *
 * The key of a step is the digest of the key before it, its words and what it reads; the first is that of the build as
 * it was found. Files come before the entry that names them, each under its name when it is complete: one that is
 * killed leaves files that no entry names, which the next to trim removes. */
typedef struct BuildCache BuildCache;

/* Makes the directory if there is none. -EBUSY does not happen: whoever trims is waited for. */
int build_cache_open(const char *path, BuildCache **ret, char **reterr_message);
BuildCache *build_cache_free(BuildCache *c);
DEFINE_TRIVIAL_CLEANUP_FUNC(BuildCache *, build_cache_free);

/* A directory that commands of all builds share, in shared/ of the cache, whose time is that of its last use; *ret is
 * its absolute path. */
int build_cache_share(BuildCache *c, const char *name, char **ret);

/* The directory partial/, as an fd. Nothing is removed from it as long as the cache is open. */
int build_cache_open_partial(BuildCache *c);

/* The build has changed by something that has no key: the next key begins with what it is then. */
void build_cache_forget_key(BuildCache *c);
/* The next key. inputs: of all that the step reads. */
int build_cache_next(BuildCache *c, BuildContext *build, char *const *words, const Digest *inputs);

/* Whether the step of that key was done, which is pending then. */
bool build_cache_find(BuildCache *c);
/* Makes the last step that is pending the state of the build, if one is. */
int build_cache_apply(BuildCache *c, BuildContext *build, char **reterr_message);
/* Keeps what the step of that key has made of the build. */
int build_cache_keep(BuildCache *c, const BuildContext *build);

/* What builds keep, if nobody says otherwise: ten builds of half a gigabyte, for a month. */
#define BUILD_CACHE_MAX (5ULL * 1024 * 1024 * 1024)
#define BUILD_CACHE_UNUSED_SEC (30ULL * 24 * 3600)

/* Removes steps, shared directories and parts of layers that nobody has used for that long, and the oldest steps beyond
 * the limit of bytes; leaves it to the next one if another build uses the cache. */
int build_cache_trim(BuildCache *c, uint64_t limit, uint64_t unused_sec);

typedef struct BuildCacheUse {
        uint64_t n;             /* steps, shared directories and parts of layers */
        uint64_t size;          /* bytes of their files */
        uint64_t reclaimable;   /* that it would remove */
} BuildCacheUse;

/* What there is, and what the same call of build_cache_trim() would remove. */
int build_cache_preview(BuildCache *c, uint64_t limit, uint64_t unused_sec, BuildCacheUse *ret);
