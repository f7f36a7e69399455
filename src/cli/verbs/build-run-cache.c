/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "basic/path.h"
#include "build/build-pack-cache.h"
#include "cli/verbs/build-run-cache.h"
#include "shared/explain.h"

static bool names_directory(const char *variable)
{
        const char *value = getenv(variable);

        return value && path_is_absolute(value);
}

static int cache_path(Context *context, char **ret)
{
        const char *directory;
        int k = 0;

        if (geteuid() == 0) {
                k = context_directory(context, &directory);
                *ret = k < 0 ? NULL : path_join(directory, "build-cache");
        } else if (names_directory("XDG_CACHE_HOME"))
                *ret = path_join(getenv("XDG_CACHE_HOME"), "podctl/build");
        else if (names_directory("HOME"))
                *ret = path_join(getenv("HOME"), ".cache/podctl/build");
        else
                return -ENXIO;
        return k < 0 ? k : *ret ? 0 : -ENOMEM;
}

static int open_cache(Context *context, BuildCache **ret, char **reterr_message)
{
        _cleanup_free_ char *path = NULL;
        int k = cache_path(context, &path);

        if (k == -ENXIO)
                return explain(reterr_message, k, "neither XDG_CACHE_HOME nor HOME says where it is");
        return k < 0 ? k : build_cache_open(path, ret, reterr_message);
}

int build_run_open_cache(Context *context, BuildCache **ret)
{
        _cleanup_free_ char *message = NULL;
        int k = open_cache(context, ret, &message);

        return k < 0 ? log_error_errno(k, "Cannot open the cache: %s", explained(message, k)) : 0;
}

BuildCache *build_run_find_cache(Context *context)
{
        _cleanup_free_ char *message = NULL;
        BuildCache *cache = NULL;
        int k = open_cache(context, &cache, &message);

        if (k < 0)
                log_debug("There is no cache: %s", explained(message, k));
        return cache;
}

int build_run_try_cache(Context *context, BuildCache **ret)
{
        _cleanup_free_ char *message = NULL;
        int k = open_cache(context, ret, &message);

        return k < 0 ? log_warning_errno(k, "No step is kept: cannot open the cache: %s", explained(message, k)) : 0;
}

int build_run_apply_cache(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int k = build_cache_apply(r->cache, r->build, &message);

        return k < 0 ? build_failed(r, k, message) : 0;
}

static int find_key(const Run *r)
{
        _cleanup_(hasher_freep) Hasher *h = NULL;
        Digest inputs;
        int k = hasher_new(DIGEST_SHA256, &h);

        if (k >= 0)
                k = r->command->add_inputs(r, h);
        if (k >= 0)
                k = hasher_finish(h, &inputs);
        return k < 0 ? k : build_cache_next(r->cache, r->build, r->line, &inputs);
}

void build_run_keep(const Run *r)
{
        int k = build_cache_keep(r->cache, r->build);

        if (k < 0) {
                log_warning_errno(k, "Cannot keep the step in the cache: %m");
                build_cache_forget_key(r->cache);
        }
}

int build_run_begin_cached(Run *r, const Digest *id)
{
        int k;

        build_cache_forget_key(r->cache);
        k = build_cache_next(r->cache, r->build, r->line, id);
        if (k < 0)
                return build_failed(r, k, NULL);
        if (!build_cache_find(r->cache))
                return 0;
        k = build_run_apply_cache(r);
        return k < 0 ? k : 1;
}

int build_run_cached(Run *r, int (*carry_out)(Run *r))
{
        bool known = r->command->add_inputs && find_key(r) >= 0;
        int k;

        if (known && build_cache_find(r->cache))
                return 0;
        k = build_run_apply_cache(r);
        if (k >= 0)
                k = carry_out(r);
        if (k == 0 && known)
                build_run_keep(r);
        else
                build_cache_forget_key(r->cache);
        return k;
}

/* The script's, or one that is there; NULL: there is none. *ret_own is to be freed. */
static BuildCache *borrow_cache(const Run *r, BuildCache **ret_own)
{
        _cleanup_free_ char *path = NULL;

        if (!r->cache && cache_path(r->context, &path) >= 0 && access(path, F_OK) >= 0)
                (void) build_cache_open(path, ret_own, NULL);
        return r->cache ?: *ret_own;
}

void build_run_take_packs(const Run *r, OciCompression compression)
{
        _cleanup_(build_cache_freep) BuildCache *own = NULL;
        BuildCache *cache = borrow_cache(r, &own);
        int k = cache ? build_pack_cache_take(cache, r->build, compression) : 0;

        if (k < 0)
                log_warning_errno(k, "Layers are compressed anew: cannot read the cache: %m");
}

void build_run_keep_packs(const Run *r, OciCompression compression)
{
        _cleanup_(build_cache_freep) BuildCache *own = NULL;
        BuildCache *cache = borrow_cache(r, &own);
        int k = cache ? build_pack_cache_keep(cache, r->build, compression) : 0;

        if (k < 0)
                log_warning_errno(k, "Cannot keep the layers in the cache: %m");
}

static void trim_cache(BuildCache *cache, uint64_t unused_sec)
{
        int k = build_cache_trim(cache, BUILD_CACHE_MAX, unused_sec);

        if (k < 0)
                log_warning_errno(k, "Cannot trim the cache: %m");
}

void build_run_trim_cache(BuildCache *cache)
{
        trim_cache(cache, BUILD_CACHE_UNUSED_SEC);
}

void build_cache_collect(Context *context, uint64_t unused_sec)
{
        _cleanup_(build_cache_freep) BuildCache *cache = NULL;
        _cleanup_free_ char *path = NULL;

        if (cache_path(context, &path) >= 0 && access(path, F_OK) >= 0 && build_run_open_cache(context, &cache) >= 0)
                trim_cache(cache, unused_sec);
}

int build_cache_measure(Context *context, BuildCacheUse *ret)
{
        _cleanup_(build_cache_freep) BuildCache *cache = NULL;
        _cleanup_free_ char *path = NULL;
        int k = cache_path(context, &path);

        *ret = (BuildCacheUse) {};
        if (k < 0 || access(path, F_OK) < 0)
                return k;
        k = build_run_open_cache(context, &cache);
        if (k < 0)
                return k;
        k = build_cache_preview(cache, BUILD_CACHE_MAX, BUILD_CACHE_UNUSED_SEC, ret);
        return k < 0 ? log_error_errno(k, "Cannot measure the cache of builds: %m") : 0;
}
