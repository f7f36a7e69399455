/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-lowers.h"
#include "image/store/image-render.h"
#include "image/store/image-store-internal.h"
#include "image/store/implied-tree.h"
#include "image/store/layer-store.h"
#include "image/store/store-damage.h"
#include "shared/explain.h"

static int add_path(ImageStore *s, const char *name, char ***paths, char **reterr_message)
{
        if (layer_is_damaged(s, name))
                return explain(reterr_message, EUCLEAN,
                               "layer %s is damaged; try podctl image verify --repair, or fetch the image again", name);
        return strv_consume(paths, strprintf("%s/layers/%s/" LAYER_TREE, s->path, name));
}

/* Layers stacked directly, as for all images except appc images with dependencies or whitelists. */
static int add_layers(ImageStore *s, const Image *image, char ***paths, char **reterr_message)
{
        for (size_t i = image->n_layers; i-- > 0;) {
                const Digest *layer = &image->layers[i];
                bool seen = false;
                int r;

                /* A layer that occurs again further down adds nothing, and overlayfs refuses it. */
                for (size_t k = i + 1; k < image->n_layers; k++)
                        seen = seen || digest_equal(&image->layers[k], layer);
                if (seen)
                        continue;
                r = add_path(s, DIGEST_FILE(layer), paths, reterr_message);
                if (r < 0)
                        return r;
                if (layer_is_opaque(s->layers_fd, layer))
                        break;
        }
        return 0;
}

static int add_implied_tree(ImageStore *s, const Image *image, char ***paths, char **reterr_message)
{
        _cleanup_free_ char *name = strjoin(IMPLIED_TREE_PREFIX, DIGEST_FILE(&image->id));

        if (!name)
                return -ENOMEM;
        return faccessat(s->layers_fd, name, F_OK, 0) < 0 ? 0 : add_path(s, name, paths, reterr_message);
}

int image_lowers_own(ImageStore *s, const Image *image, char ***ret, char **reterr_message)
{
        _cleanup_strv_free_ char **paths = NULL;
        int r;

        r = add_implied_tree(s, image, &paths, reterr_message);
        if (r < 0)
                return r;
        r = add_layers(s, image, &paths, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(paths);
        return 0;
}

int image_lowers(ImageStore *s, const Image *image, char ***ret, char **reterr_message)
{
        _cleanup_strv_free_ char **paths = NULL, **names = NULL;
        int r;

        r = image_render(s, image, &names, reterr_message);
        if (r < 0)
                return r;
        if (!names)
                return image_lowers_own(s, image, ret, reterr_message);
        STRV_FOREACH(name, names) {
                r = add_path(s, *name, &paths, reterr_message);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(paths);
        return 0;
}
