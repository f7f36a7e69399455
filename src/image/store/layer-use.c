/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-store-internal.h"
#include "image/store/layer-store.h"
#include "image/store/layer-use.h"

static int compare(const void *a, const void *b)
{
        return strcmp(((const LayerUse *) a)->name, ((const LayerUse *) b)->name);
}

static LayerUse *find(const LayerUses *u, const Digest *d)
{
        LayerUse key;

        (void) digest_format_file(d, key.name);
        return u->n > 0 ? bsearch(&key, u->items, u->n, sizeof(LayerUse), compare) : NULL;
}

/* Trees that are made for one image have directories and links only. */
uint64_t layer_bytes(ImageStore *s, const char *layer)
{
        LayerInfo info;
        Digest d;

        return digest_parse(layer, &d) >= 0 && layer_info_read(s->layers_fd, &d, &info, NULL) >= 0
                       ? info.size + info.blob_size
                       : 0;
}

int layer_uses_read(ImageStore *s, LayerUses *ret)
{
        _cleanup_strv_free_ char **names = NULL;
        LayerUses u = {};
        int r;

        r = list_directory_at(s->layers_fd, ".", &names);
        if (r < 0)
                return r;
        u.items = new0(LayerUse, MAX(strv_length(names), (size_t) 1));
        if (!u.items)
                return -ENOMEM;
        STRV_FOREACH(name, names) {
                LayerUse *l = &u.items[u.n];

                if (strlen(*name) >= sizeof(l->name))
                        continue;
                strcpy(l->name, *name);
                l->bytes = layer_bytes(s, *name);
                u.bytes += l->bytes;
                u.n++;
        }
        qsort(u.items, u.n, sizeof(LayerUse), compare);
        *ret = u;
        return 0;
}

void layer_uses_done(LayerUses *u)
{
        free(u->items);
        *u = (LayerUses) {};
}

void layer_uses_add(LayerUses *u, const Image *image)
{
        for (size_t i = 0; i < image->n_layers; i++) {
                LayerUse *l = find(u, &image->layers[i]);

                if (l)
                        l->n_images++;
        }
}

uint64_t layer_uses_remove(LayerUses *u, const Image *image)
{
        uint64_t bytes = 0;

        for (size_t i = 0; i < image->n_layers; i++) {
                LayerUse *l = find(u, &image->layers[i]);

                if (l && --l->n_images == 0 && !l->pinned)
                        bytes += l->bytes;
        }
        return bytes;
}

static size_t count_in(const Image *image, size_t n, const Digest *layer)
{
        size_t found = 0;

        for (size_t i = 0; i < n; i++)
                found += digest_equal(&image->layers[i], layer);
        return found;
}

ImageShare layer_uses_share(const LayerUses *u, const Image *image)
{
        ImageShare share = {};

        for (size_t i = 0; i < image->n_layers; i++) {
                const Digest *layer = &image->layers[i];
                const LayerUse *l = find(u, layer);

                if (!l || count_in(image, i, layer) > 0)
                        continue;
                if (l->n_images > count_in(image, image->n_layers, layer))
                        share.shared += l->bytes;
                else
                        share.unique += l->bytes;
        }
        return share;
}
