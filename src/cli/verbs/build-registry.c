/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/path.h"
#include "cli/verbs/build-registry.h"
#include "cli/verbs/build-run-cache.h"
#include "shared/explain.h"

/* Who has a store of his own is not concerned. */
int build_check_store(Context *c, const char *from, char **reterr_message)
{
        _cleanup_free_ char *images = NULL;
        const char *directory;
        int r = geteuid() == 0 ? 1 : context_directory(c, &directory);

        if (r != 0)
                return MIN(r, 0);
        images = path_join(directory, "images");
        if (!images)
                return -ENOMEM;
        if (access(images, R_OK | X_OK) >= 0 || errno != EACCES)
                return 0;
        return explain(reterr_message, EACCES, "%s: only root can read images in the store; write docker://NAME for "
                       "one in a registry", from);
}

int registry_image_describe(RegistryImage *g, char **reterr_message)
{
        const ImageVerify verify = {
                .system_config = g->context->system_config, .local_config = g->context->local_config,
                .fetcher = g->fetcher,
        };
        bool any = g->unverified || context_is_insecure(g->context, "image");

        return source_registry_describe(g->fetcher, &g->location->registry, g->location->text, &(SourceOptions) {
                .verify = any ? NULL : &verify, .platform = g->platform,
        }, &g->images, reterr_message);
}

int registry_image_prepare(RegistryImage *g, RegistrySave *ret)
{
        int r = fetch_progress_new(g->text, &g->progress);

        if (r < 0)
                return r;
        g->cache = build_run_find_cache(g->context);
        g->partial_fd = g->cache ? build_cache_open_partial(g->cache) : -EBADF;
        *ret = (RegistrySave) {
                .fetcher = g->fetcher, .reference = &g->location->registry, .image = g->images.images,
                .progress = fetch_progress_image(g->progress), .partial_fd = g->partial_fd,
        };
        return 0;
}

void registry_image_done(RegistryImage *g)
{
        g->progress = fetch_progress_free(g->progress);
        g->partial_fd = safe_close(g->partial_fd);
        /* What nobody went on with. */
        if (g->cache)
                build_run_trim_cache(g->cache);
        g->cache = build_cache_free(g->cache);
        source_images_done(&g->images);
}
