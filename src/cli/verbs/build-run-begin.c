/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build/build-base-tree.h"
#include "build/build-base.h"
#include "cli/images/fetch-artifacts.h"
#include "cli/images/fetch-image.h"
#include "cli/verbs/build-commands.h"
#include "cli/verbs/build-registry.h"
#include "cli/verbs/build-run-cache.h"
#include "cli/verbs/build-run-registry.h"
#include "image/name/image-location.h"
#include "shared/explain.h"

/* What a build begins with, and the other images that it copies files from. */

/* What its registry has about a base that came just now. The build can do without; what is missing is logged. */
static void fetch_artifacts_of(const Run *r, const char *from, const Image *image)
{
        _cleanup_(image_location_done) ImageLocation location = {};

        if (image_location_parse(from, &location, NULL) >= 0 && location.type == IMAGE_AT_REGISTRY)
                (void) fetch_artifacts(r->context, from, DIGEST_STRING(&image->id));
}

static int begin_with_stored(Run *r, const char *from)
{
        const BuildBaseOptions options = { .platform = r->args->platform, .any_platform = r->is_other };
        bool brought = false, caches = r->cache && !r->is_other;
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int k = build_check_store(r->context, from, &message);

        if (k < 0)
                return build_failed(r, k, message);
        k = fetch_or_find_image(r->context, &(ImageWish) { .text = from, .policy = PULL_NEW, .ret_brought = &brought },
                                &image);
        if (k < 0)
                return k;
        if (brought && !r->is_other)
                fetch_artifacts_of(r, from, image);
        lock = context_lock_images(r->context, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        k = caches ? build_run_begin_cached(r, &image->id) : 0;
        if (k != 0)
                return MIN(k, 0);
        k = build_base_image(r->build, store, image, &options, &message);
        if (k >= 0 && free_and_strdup(&r->build->record->base_name, image_display_name(image, from)) < 0)
                return log_oom();
        if (k >= 0)
                k = build_base_annotate(r->build->record, from);
        if (k < 0)
                return log_error_errno(k, "Cannot build: %s: %s: %s", r->command->name, from, explained(message, k));
        if (caches)
                build_run_keep(r);
        return 0;
}

static int refuse_exclude(const char *path, char **reterr_message)
{
        return explain(reterr_message, EINVAL, "%s: --exclude is for the files of a directory", path);
}

static int begin_with_files(Run *r, const ImageLocation *location, char **reterr_message)
{
        const BuildBaseOptions options = { .platform = r->args->platform, .any_platform = r->is_other };
        const char *path = location->text;
        int k = location->reference ? 0 : build_base_is_tree(path, reterr_message);

        if (k > 0)
                return build_base_tree(r->build, path, r->args->exclude, options.platform, reterr_message);
        if (k >= 0 && r->args->exclude)
                return refuse_exclude(path, reterr_message);
        if (k >= 0)
                k = build_base_path(r->build, path, location->reference, &options, reterr_message);
        return k < 0 ? k : build_base_annotate(r->build->record, r->build->record->base_name);
}

int build_run_begin_with(Run *r)
{
        const char *from = r->args->from ?: "scratch";
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        int k;

        if (streq(from, "scratch"))
                k = r->args->exclude ? refuse_exclude(from, &message)
                                     : build_base_scratch(r->build, r->args->platform, &message);
        else {
                k = image_location_parse(from, &location, &message);
                /* What it is for "write". */
                if (k >= 0 && location.type != IMAGE_AT_PATH && startswith(from, "oci:") && !startswith(from, "oci://"))
                        k = explain(&message, ENOENT, "%s: there is no such directory; write docker:// for a registry",
                                    from);
                if (k >= 0 && location.type != IMAGE_AT_PATH && r->args->exclude)
                        k = refuse_exclude(from, &message);
                if (k >= 0 && build_run_skips_store(r, &location))
                        return build_run_begin_registry(r, from, &location);
                if (k >= 0 && location.type != IMAGE_AT_PATH)
                        return begin_with_stored(r, from);
                if (k >= 0)
                        k = begin_with_files(r, &location, &message);
        }
        return k < 0 ? build_failed(r, k, message) : 0;
}

int build_run_begin(Run *r)
{
        _cleanup_free_ char *message = NULL;
        int64_t time;
        int k;

        if (build_context_is_open(r->build))
                return build_failed(r, -EEXIST, BUILD_DIRECTORY ": a build has begun here already; 'podctl build end' "
                                    "ends it, without a trace");
        k = build_time_read(&time, &message);
        if (k < 0)
                return log_error_errno(k, "%s", message);
        k = build_context_begin(BUILD_DIRECTORY, time, r->build, &message);
        if (k < 0)
                return build_failed(r, k, message);
        k = build_run_begin_with(r);
        if (k >= 0) {
                k = build_context_save(r->build, &message);
                if (k < 0)
                        k = build_failed(r, k, message);
        }
        if (k < 0)
                (void) build_context_end(r->build, BUILD_DIRECTORY, NULL);
        return k;
}

int build_run_open_other(const Run *r, BuildOther *ret)
{
        _cleanup_(build_cache_freep) BuildCache *cache = NULL;
        BuildArgs args = *r->args;
        Run begin = { .context = r->context, .args = &args, .command = r->command, .build = &ret->image,
                      .is_other = true };
        _cleanup_free_ char *message = NULL;
        int k = build_other_begin(BUILD_DIRECTORY, ret, &message);

        /* Which is for what is copied. */
        args.exclude = NULL;
        if (k < 0)
                return build_failed(r, k, message);
        /* It has keys of its own. */
        if (r->cache && build_run_try_cache(r->context, &cache) >= 0)
                begin.cache = cache;
        return build_run_begin_with(&begin);
}
