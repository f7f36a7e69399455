/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "basic/log.h"
#include "build/build-appc.h"
#include "cli/images/fetch-image.h"
#include "cli/verbs/build-below.h"
#include "image/store/image-dependencies.h"
#include "shared/explain.h"

static int find_image_of(Context *context, ImageStore *store, const AppcDependency *dependency, Image **ret)
{
        _cleanup_free_ char *text = NULL;
        Digest id;

        if (image_dependency_find(store, dependency, &id) >= 0) {
                char *ids[] = { (char *) DIGEST_STRING(&id), NULL };
                int r = fetch_dependencies(context, ids, PULL_NEW);

                return r < 0 ? r : image_store_load(store, &id, ret, NULL);
        }
        text = image_dependency_text(dependency);
        return text ? fetch_or_find_image(context, &(ImageWish) { .text = text, .policy = PULL_NEW }, ret) : log_oom();
}

static int add_layers(const ImageVisits *visits, BuildBelow *below)
{
        for (size_t i = 0; i < visits->n; i++) {
                const ImageVisit *v = visits->visits[i];

                if (ARRAY_GROW(below->layers, below->n_allocated, below->n, v->n_layers) < 0)
                        return -ENOMEM;
                for (size_t k = 0; k < v->n_layers; k++)
                        below->layers[below->n++] = v->layers[k];
        }
        return 0;
}

static int add_dependency(Context *context, ImageStore *store, const AppcDependency *dependency, BuildBelow *below)
{
        _cleanup_(image_visits_done) ImageVisits visits = {};
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *message = NULL;
        int r = find_image_of(context, store, dependency, &image);

        if (r < 0)
                return r;
        r = image_visits_find(store, image, &visits, &message);
        if (r >= 0)
                r = add_layers(&visits, below);
        return r < 0 ? log_error_errno(r, "Cannot build: run: dependency '%s': %s", dependency->image_name,
                                       explained(message, r))
                     : 0;
}

int build_below_find(Context *context, const BuildContext *build, BuildBelow *ret)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        ImageStore *store;
        int r;

        if (!build_appc_is_whole(build->record))
                return 0;
        r = appc_image_read(build->record->appc, &image, NULL);
        if (r < 0)
                return log_error_errno(r, "Cannot build: run: the manifest is not valid: %m");
        r = image->n_dependencies > 0 ? context_images(context, &store) : 0;
        for (size_t i = 0; r >= 0 && i < image->n_dependencies; i++)
                r = add_dependency(context, store, &image->dependencies[i], ret);
        return r;
}
