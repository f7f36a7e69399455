/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-dependencies.h"
#include "image/store/image-render.h"
#include "image/store/image-store-internal.h"
#include "image/store/implied-tree.h"
#include "image/store/layer-store.h"
#include "image/store/store-damage.h"
#include "image/store/store-staging.h"
#include "image/tree/correction-tree.h"
#include "shared/explain.h"

/* Increase this when the result of the same images changes. */
#define RENDER_VERSION "1"
#define KEY_DIGITS 32

/* The inputs of the tree: which images are visited, in what order, and as whose dependency. Their IDs stand for
 * manifests and files. */
static int format_name(const ImageVisits *visits, char **ret)
{
        const Digest *id = &visits->visits[visits->n - 1]->id;
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        Digest key;
        int r;

        r = hasher_new(DIGEST_SHA256, &hasher);
        if (r < 0)
                return r;
        r = hasher_update(hasher, RENDER_VERSION "\n", strlen(RENDER_VERSION "\n"));
        if (r < 0)
                return r;
        for (size_t i = 0; i < visits->n; i++) {
                _cleanup_free_ char *line = strprintf("%u %s\n", visits->visits[i]->depth,
                                                      DIGEST_FILE(&visits->visits[i]->id));

                r = line ? hasher_update(hasher, line, strlen(line)) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        r = hasher_finish(hasher, &key);
        if (r < 0)
                return r;
        *ret = strprintf(IMPLIED_TREE_PREFIX "%s.%.*s", DIGEST_FILE(id), KEY_DIGITS, key.hex);
        return *ret ? 0 : -ENOMEM;
}

static bool is_plain(const ImageVisits *visits)
{
        return visits->n == 1 && visits->visits[0]->n_allowed == 0;
}

/* All its layers, top first, each at its first occurrence. */
typedef struct Layers {
        Digest *layers;
        size_t n;
} Layers;

static size_t find_layer(const Layers *l, const Digest *layer)
{
        size_t i = 0;

        while (i < l->n && !digest_equal(&l->layers[i], layer))
                i++;
        return i;
}

static int gather_layers(const ImageVisits *visits, Layers *ret)
{
        Layers l = {};
        size_t n_allocated = 0;

        for (size_t v = visits->n; v-- > 0;)
                for (size_t i = visits->visits[v]->n_layers; i-- > 0;) {
                        const Digest *layer = &visits->visits[v]->layers[i];

                        if (find_layer(&l, layer) < l.n)
                                continue;
                        if (ARRAY_GROW(l.layers, n_allocated, l.n, 1) < 0) {
                                free(l.layers);
                                return -ENOMEM;
                        }
                        l.layers[l.n++] = *layer;
                }
        *ret = l;
        return 0;
}

static int open_layer(ImageStore *s, const Digest *layer, size_t source, MergedLayer *ret)
{
        MergedLayer l = { .source = source };
        int r;

        l.fd = layer_tree_open(s->layers_fd, layer);
        if (l.fd < 0)
                return l.fd;
        r = layer_implied_read(s->layers_fd, layer, &l.implied);
        if (r < 0) {
                safe_close(l.fd);
                return r;
        }
        strv_sort(l.implied);
        l.n_implied = strv_length(l.implied);
        *ret = l;
        return 0;
}

/* The view that overlayfs would give of the layers. */
static int open_stacked(ImageStore *s, const Layers *layers, MergedTree *t)
{
        t->layers = new0(MergedLayer, layers->n);
        if (!t->layers)
                return -ENOMEM;
        for (; t->n < layers->n; t->n++) {
                int r = open_layer(s, &layers->layers[t->n], t->n, &t->layers[t->n]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool allows(const void *userdata, const char *path, bool is_directory)
{
        return image_visit_allows(userdata, path, is_directory);
}

/* The view that is wanted. */
static int open_wanted(ImageStore *s, const ImageVisits *visits, const Layers *layers, MergedTree *t)
{
        size_t n = 0;

        for (size_t v = 0; v < visits->n; v++)
                n += visits->visits[v]->n_layers;
        t->layers = new0(MergedLayer, n);
        if (!t->layers)
                return -ENOMEM;
        for (size_t v = visits->n; v-- > 0;)
                for (size_t i = visits->visits[v]->n_layers; i-- > 0; t->n++) {
                        const Digest *layer = &visits->visits[v]->layers[i];
                        int r;

                        r = open_layer(s, layer, find_layer(layers, layer), &t->layers[t->n]);
                        if (r < 0)
                                return r;
                        t->layers[t->n].allows = allows;
                        t->layers[t->n].userdata = visits->visits[v];
                }
        return 0;
}

static int write_lower(int directory_fd, const char *name, const Layers *layers)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        int r = 0;

        if (faccessat(directory_fd, LAYER_TREE, F_OK, 0) >= 0)
                r = strv_extend(&names, name);
        if (r < 0)
                return r;
        for (size_t i = 0; i < layers->n; i++) {
                r = strv_extend(&names, DIGEST_FILE(&layers->layers[i]));
                if (r < 0)
                        return r;
        }
        text = strv_join(names, "\n");
        return text ? write_string_at(directory_fd, "lower", text, 0600) : -ENOMEM;
}

static int make_tree(ImageStore *s, const ImageVisits *visits, const Layers *layers, const char *name,
                     int directory_fd)
{
        _cleanup_(merged_tree_done) MergedTree stacked = {}, wanted = {};
        int r;

        r = open_stacked(s, layers, &stacked);
        if (r < 0)
                return r;
        r = open_wanted(s, visits, layers, &wanted);
        if (r < 0)
                return r;
        r = correction_tree_make(&stacked, &wanted, directory_fd, LAYER_TREE);
        if (r < 0)
                return r;
        return write_lower(directory_fd, name, layers);
}

static int render(ImageStore *s, const ImageVisits *visits, const char *name)
{
        _cleanup_(staging_freep) Staging *staging = NULL;
        _cleanup_close_ int fd = -EBADF;
        Layers layers;
        int r;

        r = staging_new(s, &staging);
        if (r < 0)
                return r;
        fd = mkdir_open_at(staging->fd, name, 0700);
        if (fd < 0)
                return fd;
        r = gather_layers(visits, &layers);
        if (r < 0)
                return r;
        r = make_tree(s, visits, &layers, name, fd);
        free(layers.layers);
        if (r < 0)
                return r;
        if (syncfs(fd) < 0)
                return -errno;
        r = layer_move_in(s, staging->fd, name);
        /* Another process has made the same tree in the meantime. */
        return r == -EEXIST ? 0 : r;
}

static int read_lower(ImageStore *s, const char *name, char ***ret)
{
        _cleanup_free_ char *path = strjoin(name, "/lower"), *text = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_file_at(s->layers_fd, path, 1024 * 1024, &text, NULL);
        return r < 0 ? r : strv_split(text, '\n', ret);
}

static int render_and_read(ImageStore *s, const ImageVisits *visits, const char *name, char ***ret)
{
        int r = render(s, visits, name);

        return r < 0 ? r : read_lower(s, name, ret);
}

int image_render(ImageStore *s, const Image *image, char ***ret_names, char **reterr_message)
{
        _cleanup_(image_visits_done) ImageVisits visits = {};
        _cleanup_free_ char *name = NULL;
        int r;

        *ret_names = NULL;
        if (image->kind != IMAGE_APPC)
                return 0;
        r = image_visits_find(s, image, &visits, reterr_message);
        if (r < 0 || is_plain(&visits))
                return r;
        r = format_name(&visits, &name);
        if (r < 0)
                return r;
        r = read_lower(s, name, ret_names);
        if (r != -ENOENT)
                return r;

        r = render_and_read(s, &visits, name, ret_names);
        return r < 0 ? explain_context(reterr_message, r, "image %s with its dependencies",
                                       DIGEST_STRING(&image->id))
                     : 0;
}

int image_render_name(ImageStore *s, const Image *image, char **ret)
{
        _cleanup_(image_visits_done) ImageVisits visits = {};
        int r;

        *ret = NULL;
        if (image->kind != IMAGE_APPC)
                return 0;
        r = image_visits_find(s, image, &visits, NULL);
        return r < 0 || is_plain(&visits) ? r : format_name(&visits, ret);
}
