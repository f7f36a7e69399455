/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/log.h"
#include "build/build-artifacts.h"
#include "build/build-base.h"
#include "cli/verbs/build-registry.h"
#include "cli/verbs/build-run-cache.h"
#include "cli/verbs/build-run-registry.h"
#include "manifest/oci-config.h"
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

static int failed(const Run *r, const RegistryImage *g, int error, const char *message)
{
        return log_error_errno(error, "Cannot build: %s: %s: %s", r->command->name, g->text,
                               explained(message, error));
}

static int describe(const Run *r, RegistryImage *g)
{
        _cleanup_(oci_platform_freep) OciPlatform *platform = NULL;
        _cleanup_free_ char *message = NULL;
        const char *text = r->args->platform;
        int k = text ? oci_platform_parse(text, &platform) : 0;

        if (k == -EINVAL)
                k = explain(&message, k, "'%s' is not a platform, such as linux/arm64/v8", text);
        if (k < 0)
                return failed(r, g, k, message);
        g->platform = platform;
        k = registry_image_describe(g, &message);
        g->platform = NULL;
        return k < 0 ? log_explained(k, message, "%s", g->text) : 0;
}

/* The build can do without. */
static void fetch_artifacts(const Run *r, const RegistryImage *g)
{
        _cleanup_free_ char *message = NULL;
        int k = build_artifacts_fetch(r->build, g->fetcher, &g->location->registry, g->images.images, &message);

        if (k < 0)
                log_warning("Image '%s': the build begins without its artifacts: %s", g->text, explained(message, k));
}

static int begin_anew(const Run *r, RegistryImage *g)
{
        const BuildBaseOptions options = { .platform = r->args->platform, .any_platform = r->is_other };
        _cleanup_free_ char *message = NULL;
        RegistrySave save;
        int k = registry_image_prepare(g, &save);

        if (k >= 0)
                k = build_base_registry(r->build, &save, &options, &message);
        if (k >= 0)
                k = build_base_annotate(r->build->record, g->text);
        if (k < 0)
                return failed(r, g, k, message);
        if (!r->is_other)
                fetch_artifacts(r, g);
        return 0;
}

static int begin(Run *r, RegistryImage *g)
{
        int k = context_fetcher(r->context, &g->fetcher);

        if (k >= 0)
                k = describe(r, g);
        if (k >= 0 && r->cache)
                k = build_run_begin_cached(r, &g->images.images->id);
        if (k != 0)
                return MIN(k, 0);
        k = begin_anew(r, g);
        if (k >= 0 && r->cache)
                build_run_keep(r);
        return k;
}

int build_run_begin_registry(Run *r, const char *from, const ImageLocation *location)
{
        RegistryImage image = REGISTRY_IMAGE(.context = r->context, .text = from, .location = location);
        int k = begin(r, &image);

        registry_image_done(&image);
        return k;
}
