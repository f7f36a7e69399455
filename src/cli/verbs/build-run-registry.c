/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/log.h"
#include "build/build-artifacts.h"
#include "build/build-base.h"
#include "cli/verbs/build-run-cache.h"
#include "cli/verbs/build-run-registry.h"
#include "shared/explain.h"

/* The store has images for this host only. A variant chooses among several of one architecture. */
static bool is_for_host(const char *platform)
{
        _cleanup_(oci_platform_freep) OciPlatform *wanted = NULL, *host = NULL;

        if (!platform || oci_platform_parse(platform, &wanted) < 0)
                return true;
        return !wanted->variant && oci_platform_host(&host) >= 0 && oci_platform_match(host, wanted) > 0;
}

bool build_run_skips_store(const Run *r, const ImageLocation *location)
{
        return location->type == IMAGE_AT_REGISTRY && (geteuid() != 0 || !is_for_host(r->args->platform));
}

typedef struct Origin {
        const char *from;       /* as it was asked for */
        const ImageLocation *location;
        Fetcher *fetcher;
        SourceImages images;
} Origin;

static int failed(const Run *r, const Origin *o, int error, const char *message)
{
        return log_error_errno(error, "Cannot build: %s: %s: %s", r->command->name, o->from,
                               explained(message, error));
}

/* By the same rules as a fetch into the store. */
static int describe(const Run *r, Origin *o)
{
        _cleanup_(oci_platform_freep) OciPlatform *platform = NULL;
        _cleanup_free_ char *message = NULL;
        const ImageVerify verify = {
                .system_config = r->context->system_config, .local_config = r->context->local_config,
                .fetcher = o->fetcher,
        };
        const char *text = r->args->platform;
        int k = text ? oci_platform_parse(text, &platform) : 0;

        if (k == -EINVAL)
                k = explain(&message, k, "'%s' is not a platform, such as linux/arm64/v8", text);
        if (k < 0)
                return failed(r, o, k, message);
        k = source_registry_describe(o->fetcher, &o->location->registry, o->location->text, &(SourceOptions) {
                .verify = context_is_insecure(r->context, "image") ? NULL : &verify, .platform = platform,
        }, &o->images, &message);
        return k < 0 ? log_explained(k, message, "%s", o->from) : 0;
}

/* The build can do without. */
static void fetch_artifacts(const Run *r, const Origin *o)
{
        _cleanup_free_ char *message = NULL;
        int k = build_artifacts_fetch(r->build, o->fetcher, &o->location->registry, o->images.images, &message);

        if (k < 0)
                log_warning("Image '%s': the build begins without its artifacts: %s", o->from, explained(message, k));
}

static int begin_anew(const Run *r, const Origin *o)
{
        const BuildBaseOptions options = { .platform = r->args->platform, .any_platform = r->is_other };
        _cleanup_free_ char *message = NULL;
        int k = build_base_registry(r->build, o->fetcher, &o->location->registry, &o->images, &options, &message);

        if (k >= 0)
                k = build_base_annotate(r->build->record, o->from);
        if (k < 0)
                return failed(r, o, k, message);
        if (!r->is_other)
                fetch_artifacts(r, o);
        return 0;
}

static int begin(Run *r, Origin *o)
{
        int k = context_fetcher(r->context, &o->fetcher);

        if (k >= 0)
                k = describe(r, o);
        if (k >= 0 && r->cache)
                k = build_run_begin_cached(r, &o->images.images->id);
        if (k != 0)
                return MIN(k, 0);
        k = begin_anew(r, o);
        if (k >= 0 && r->cache)
                build_run_keep(r);
        return k;
}

int build_run_begin_registry(Run *r, const char *from, const ImageLocation *location)
{
        Origin o = { .from = from, .location = location };
        int k = begin(r, &o);

        source_images_done(&o.images);
        return k;
}
