/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/verbs/build-run.h"
#include "manifest/oci-descriptor.h"

/* Steps of a script that were done before. All of these log. */

/* The cache that belongs to this user: below the store's directory for root, else in XDG_CACHE_HOME. */
int build_run_open_cache(Context *context, BuildCache **ret);
/* One for what can be done without; NULL: there is no place for it. */
BuildCache *build_run_find_cache(Context *context);
/* Only warns. */
int build_run_try_cache(Context *context, BuildCache **ret);
/* The build begins with the image of the store that has this ID, if it did so before. 0: it did not;
 * build_run_keep() then keeps what it begins with. */
int build_run_begin_cached(Run *r, const Digest *id);
/* Keeps what the step that was looked up has made. A build goes on without it. */
void build_run_keep(const Run *r);
/* Carries out the command, unless it is cached: then build_run_apply_cache() makes up for it later. */
int build_run_cached(Run *r, int (*carry_out)(Run *r));
/* What was looked up so far becomes the state of the build. */
int build_run_apply_cache(Run *r);
void build_run_trim_cache(BuildCache *cache);
/* Layers that were compressed before are not compressed again, if there is a cache: the record gets them, and those
 * that it has now are kept. */
void build_run_take_packs(const Run *r, OciCompression compression);
void build_run_keep_packs(const Run *r, OciCompression compression);
/* Removes what was not used for so long, if there is a cache. */
void build_cache_collect(Context *context, uint64_t unused_sec);
/* What there is of it, and what build_cache_collect() would remove by default; nothing if there is no cache. */
int build_cache_measure(Context *context, BuildCacheUse *ret);
