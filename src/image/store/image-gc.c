/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "basic/tree-size.h"
#include "image/store/image-dependencies.h"
#include "image/store/image-remote.h"
#include "image/store/image-render.h"
#include "image/store/image-store-internal.h"
#include "image/store/implied-tree.h"
#include "image/store/layer-store.h"
#include "image/store/layer-use.h"
#include "image/store/store-damage.h"
#include "image/store/store-staging.h"
#include "shared/explain.h"

/* The way out of the store. A removed entry is renamed into tmp/ first, image before names before layers, so that an
 * interruption leaves at most unreferenced entries, which the next collection finds. It is not put into a new
 * directory: creating one needs space, and there may be none. */

/* Sets of names below layers/, which are many: sorted once all are added. */
typedef struct NameSet {
        char **names;
        size_t n, n_allocated;
} NameSet;

static void name_set_done(NameSet *set)
{
        strv_free(set->names);
}

static int name_set_take(NameSet *set, char *name)
{
        if (!name)
                return -ENOMEM;
        if (ARRAY_GROW(set->names, set->n_allocated, set->n, 2) < 0) {
                free(name);
                return -ENOMEM;
        }
        set->names[set->n++] = name;
        set->names[set->n] = NULL;
        return 0;
}

static void name_set_seal(NameSet *set)
{
        strv_sort(set->names);
        set->n = strv_sorted_uniq(set->names);
}

static bool name_set_has(const NameSet *set, const char *name)
{
        return strv_sorted_contains(set->names, set->n, name);
}

/* IDs and layers in the callers' spelling, with ':' as well as '-'. */
static int name_set_of(char *const *names, NameSet *ret)
{
        NameSet set = {};
        int r = 0;

        STRV_FOREACH(name, names) {
                Digest d;

                r = name_set_take(&set, strdup(digest_parse(*name, &d) >= 0 ? DIGEST_FILE(&d) : *name));
                if (r < 0) {
                        name_set_done(&set);
                        return r;
                }
        }
        name_set_seal(&set);
        *ret = set;
        return 0;
}

/* A removal, of one image or of many. */
typedef struct Removal {
        ImageStore *store;
        NameSet used;           /* layers of pods, and of fetches that are under way */
        NameSet needed;         /* by the remaining images */
        NameSet freed;          /* layers of removed images: no reason to wait */
        bool preview;           /* nothing is changed */
        NameSet gone;           /* the images that would be removed */
        uint64_t orphan_grace;
        uint64_t bytes;
        size_t n_layers;
} Removal;

static void removal_done(Removal *m)
{
        if (m->store && !m->preview)
                (void) staging_clean(m->store);
        name_set_done(&m->gone);
        name_set_done(&m->used);
        name_set_done(&m->needed);
        name_set_done(&m->freed);
}

/* Used by pods, and by running fetches. */
static int gather_used(ImageStore *s, char *const *used_layers, NameSet *ret)
{
        _cleanup_strv_free_ char **used = NULL;
        int r = staging_read_pins(s, &used);

        if (r < 0)
                return r;
        r = strv_extend_strv(&used, used_layers);
        return r < 0 ? r : name_set_of(used, ret);
}

static int removal_begin(ImageStore *s, char *const *used_layers, Removal *ret)
{
        Removal m = { .store = s, .orphan_grace = IMAGE_ORPHAN_GRACE };
        int r = gather_used(s, used_layers, &m.used);

        if (r < 0) {
                removal_done(&m);
                return r;
        }
        *ret = m;
        return 0;
}

static int move_out(const Removal *m, int from_fd, const char *name, const char *name_out)
{
        int r = m->preview ? 0 : rename_noreplace(from_fd, name, m->store->tmp_fd, name_out);

        if (r != -EEXIST)
                return r;
        /* An interruption left it behind. */
        r = staging_clean(m->store);
        return r < 0 ? r : rename_noreplace(from_fd, name, m->store->tmp_fd, name_out);
}

static int names_prune(ImageStore *s, const Digest *id)
{
        int r, first_error = 0;
        ImageName *names;
        size_t n;

        r = image_names_read(s, &names, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                if (id ? !digest_equal(&names[i].id, id)
                       : image_store_has(s, &names[i].id))
                        continue;
                r = image_name_remove(s, names[i].name);
                if (r < 0 && first_error == 0)
                        first_error = r;
        }
        image_names_free(names, n);
        return first_error;
}

static int read_layers(ImageStore *s, const char *id, NameSet *set)
{
        _cleanup_close_ int fd = open_directory_at(s->manifests_fd, id);
        _cleanup_(image_record_done) ImageRecord record = {};
        int r;

        if (fd < 0)
                return fd;
        r = image_record_read(fd, &record, NULL);
        if (r < 0)
                return r;
        for (size_t i = 0; i < record.n_layers; i++) {
                r = name_set_take(set, strdup(DIGEST_FILE(&record.layers[i])));
                if (r < 0)
                        return r;
        }
        return name_set_take(set, strjoin(IMPLIED_TREE_PREFIX, id));
}

/* An image without a readable record cannot be used, so it needs nothing. If the record is only temporarily unreadable,
 * that is an error. */
static bool is_broken(int r)
{
        return r == -ENOENT || r == -ENOTDIR || r == -EBADMSG || r == -EINVAL;
}

/* Trees "top-ID.KEY": those of the current combination of images. */
static int read_rendered(ImageStore *s, const char *tree, NameSet *set)
{
        const char *id = startswith(tree, IMPLIED_TREE_PREFIX), *dot = id ? strchr(id, '.') : NULL;
        _cleanup_free_ char *text = NULL, *name = NULL;
        _cleanup_(image_freep) Image *image = NULL;
        Digest d;
        int r;

        if (!dot)
                return 0;
        text = strndup(id, (size_t) (dot - id));
        if (!text)
                return -ENOMEM;
        if (digest_parse(text, &d) < 0 || image_store_load(s, &d, &image, NULL) < 0)
                return 0;
        r = image_render_name(s, image, &name);
        if (r == -ENOMEM)
                return r;
        return r >= 0 && name ? name_set_take(set, TAKE_PTR(name)) : 0;
}

/* Of all remaining images. */
static int gather_needed(Removal *m, char *const *layers)
{
        _cleanup_strv_free_ char **ids = NULL;
        int r;

        r = list_directory_at(m->store->manifests_fd, ".", &ids);
        if (r < 0)
                return r;
        name_set_seal(&m->gone);
        STRV_FOREACH(id, ids) {
                if (name_set_has(&m->gone, *id))
                        continue;
                r = read_layers(m->store, *id, &m->needed);
                if (r < 0 && !is_broken(r)) {
                        log_debug_errno(r, "Failed to read the record of image %s: %m", *id);
                        return r;
                }
        }
        STRV_FOREACH(layer, layers) {
                r = read_rendered(m->store, *layer, &m->needed);
                if (r < 0)
                        return r;
        }
        name_set_seal(&m->needed);
        return 0;
}

/* A damaged layer that was put aside is needed as long as a pod may have it mounted. */
static bool is_used(const Removal *m, const char *layer)
{
        _cleanup_free_ char *name = layer_of_aside(layer);

        return name_set_has(&m->used, name ?: layer);
}

static bool is_older(const struct timespec *ts, uint64_t nsec)
{
        uint64_t now = now_nsec(), then = timespec_to_nsec(ts);

        return now > then && now - then >= nsec;
}

/* An unreferenced entry is removed at once if it was referenced before, or if it can be made again. */
static bool is_due(const Removal *m, const char *layer)
{
        struct stat st;

        if (startswith(layer, IMPLIED_TREE_PREFIX) || startswith(layer, ASIDE_PREFIX) ||
            name_set_has(&m->freed, layer))
                return true;
        if (fstatat(m->store->layers_fd, layer, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        return timespec_to_nsec(&st.st_mtim) == 0 || is_older(&st.st_ctim, m->orphan_grace);
}

/* Marks the layer for the collection after the pods are gone. The mark must not need space, so it is not a file. */
static void mark_due(const Removal *m, const char *layer)
{
        const struct timespec times[] = { { .tv_nsec = UTIME_OMIT }, {} };

        if (!m->preview)
                (void) utimensat(m->store->layers_fd, layer, times, AT_SYMLINK_NOFOLLOW);
}

static int layers_prune(Removal *m)
{
        _cleanup_strv_free_ char **layers = NULL;
        int r, first_error = 0;

        r = list_directory_at(m->store->layers_fd, ".", &layers);
        if (r < 0)
                return r;
        r = gather_needed(m, layers);
        if (r < 0)
                return r;
        name_set_seal(&m->freed);
        STRV_FOREACH(layer, layers) {
                uint64_t bytes;

                if (name_set_has(&m->needed, *layer) || !is_due(m, *layer))
                        continue;
                if (is_used(m, *layer)) {
                        mark_due(m, *layer);
                        continue;
                }
                bytes = layer_bytes(m->store, *layer);
                r = move_out(m, m->store->layers_fd, *layer, *layer);
                if (r < 0 && first_error == 0)
                        first_error = r;
                m->n_layers += r >= 0;
                m->bytes += r >= 0 ? bytes : 0;
        }
        return first_error;
}

static int remove_image(Removal *m, const Digest *id, char **reterr_message)
{
        _cleanup_free_ char *name = strjoin("image-", DIGEST_FILE(id));
        int r;

        if (!name)
                return -ENOMEM;
        /* For a broken image they are not known. */
        r = read_layers(m->store, DIGEST_FILE(id), &m->freed);
        if (r == -ENOMEM)
                return r;
        r = move_out(m, m->store->manifests_fd, DIGEST_FILE(id), name);
        if (r == -ENOENT)
                return explain(reterr_message, r, "image %s: not in the store", DIGEST_STRING(id));
        return r;
}

int image_store_remove(ImageStore *s, const Digest *id, char *const *used_layers, char **reterr_message)
{
        _cleanup_(removal_done) Removal m = {};
        int r;

        r = removal_begin(s, used_layers, &m);
        if (r < 0)
                return r;
        r = remove_image(&m, id, reterr_message);
        if (r < 0)
                return r;
        r = names_prune(s, id);
        if (r < 0)
                return r;
        /* The image is gone; layers may stay if another image prevents us from finding out whether they are needed. */
        r = layers_prune(&m);
        if (r < 0)
                log_debug_errno(r, "Failed to remove layers of %s, leaving them to the next collection: %m",
                                DIGEST_STRING(id));
        return 0;
}

/* Collection of images, by age and by size */

/* A dependency is in use as long as an image that depends on it is. */
static void use_dependencies(ImageStore *s, Image **images, size_t n, Image *dependent)
{
        _cleanup_(image_visits_done) ImageVisits visits = {};

        if (dependent->kind != IMAGE_APPC || image_load_documents(s, dependent, NULL) < 0 ||
            image_visits_find(s, dependent, &visits, NULL) < 0)
                return;
        for (size_t v = 0; v + 1 < visits.n; v++)
                for (size_t i = 0; i < n; i++)
                        if (digest_equal(&images[i]->id, &visits.visits[v]->id))
                                images[i]->last_used = MAX(images[i]->last_used, dependent->last_used);
}

static int compare_use(const void *a, const void *b)
{
        const Image *x = *(Image *const *) a, *y = *(Image *const *) b;

        if (x->last_used != y->last_used)
                return x->last_used < y->last_used ? -1 : 1;
        return digest_compare(&x->id, &y->id);
}

/* Least recently used first. Images that pods were made from count as always in use. */
static int list_by_use(ImageStore *s, const ImageCollect *c, Image ***ret, size_t *ret_n)
{
        _cleanup_(name_set_done) NameSet kept = {};
        Image **images;
        size_t n;
        int r;

        r = name_set_of(c->used_images, &kept);
        if (r < 0)
                return r;
        r = image_store_list(s, &images, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                if (name_set_has(&kept, DIGEST_FILE(&images[i]->id)))
                        images[i]->last_used = UINT64_MAX;
        for (size_t i = 0; i < n; i++)
                use_dependencies(s, images, n, images[i]);
        qsort(images, n, sizeof(Image *), compare_use);
        *ret = images;
        *ret_n = n;
        return 0;
}

static int collect_image(Removal *m, ImageCollect *c, const Image *image, char **reterr_message)
{
        int r;

        r = remove_image(m, &image->id, reterr_message);
        if (r < 0)
                return r;
        r = name_set_take(&m->gone, strdup(DIGEST_FILE(&image->id)));
        return r < 0 ? r : strv_extend(&c->removed_images, DIGEST_FILE(&image->id));
}

/* A layer that is pinned stays whatever becomes of its images. */
static int measure_layers(const Removal *m, LayerUses *ret)
{
        int r = layer_uses_read(m->store, ret);

        for (size_t i = 0; r >= 0 && i < ret->n; i++)
                ret->items[i].pinned = name_set_has(&m->used, ret->items[i].name);
        return r;
}

/* Those before first are already removed. */
static int collect_by_size(Removal *m, ImageCollect *c, Image **images, size_t n, size_t first, char **reterr_message)
{
        _cleanup_(layer_uses_done) LayerUses layers = {};
        uint64_t total;
        int r;

        r = measure_layers(m, &layers);
        if (r < 0)
                return r;
        total = layers.bytes;
        for (size_t i = 0; i < n; i++)
                layer_uses_add(&layers, images[i]);
        for (size_t i = 0; i < first; i++)
                total -= layer_uses_remove(&layers, images[i]);

        for (size_t i = first; i < n && total > c->max_size && images[i]->last_used != UINT64_MAX; i++) {
                r = collect_image(m, c, images[i], reterr_message);
                if (r < 0)
                        return r;
                total -= layer_uses_remove(&layers, images[i]);
        }
        return 0;
}

static int collect_listed(Removal *m, ImageCollect *c, Image **images, size_t n, char **reterr_message)
{
        size_t i;
        int r;

        for (i = 0; i < n && images[i]->last_used < c->unused_since; i++) {
                r = collect_image(m, c, images[i], reterr_message);
                if (r < 0)
                        return r;
        }
        return c->max_size > 0 ? collect_by_size(m, c, images, n, i, reterr_message) : 0;
}

static int collect_images(Removal *m, ImageCollect *c, char **reterr_message)
{
        Image **images;
        size_t n;
        int r;

        if (c->unused_since == 0 && c->max_size == 0)
                return 0;
        r = list_by_use(m->store, c, &images, &n);
        if (r < 0)
                return r;
        r = collect_listed(m, c, images, n, reterr_message);
        image_array_free(images, n);
        return r;
}

static int remove_partial(ImageStore *s, const char *name, ImageCollect *c)
{
        _cleanup_close_ int fd = openat(s->partial_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        struct stat st;
        int r;

        if (fstatat(s->partial_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_older(&st.st_ctim, c->orphan_grace))
                return 0;
        /* The process that fetches it holds a lock on it. */
        if (fd >= 0 && fd_lock(fd, LOCK_EX | LOCK_NB) == -EAGAIN)
                return 0;
        r = c->preview ? 0 : rm_rf_at(s->partial_fd, name);
        c->freed_transfers += r < 0 ? 0 : (uint64_t) st.st_blocks * 512;
        return r;
}

/* Interrupted transfers that nobody resumed. */
static int collect_partial(ImageStore *s, ImageCollect *c)
{
        _cleanup_strv_free_ char **names = NULL;
        int r, first_error = 0;

        r = list_directory_all_at(s->partial_fd, ".", &names);
        if (r < 0)
                return r;
        STRV_FOREACH(name, names) {
                r = remove_partial(s, *name, c);
                first_error = first_error ?: r;
        }
        return first_error;
}

/* Names of missing images, and what is known of their origin. */
static int collect_names(ImageStore *s)
{
        int r = names_prune(s, NULL), k = image_remotes_prune(s);

        return r < 0 ? r : k;
}

int image_store_collect(ImageStore *s, ImageCollect *c, char **reterr_message)
{
        _cleanup_(removal_done) Removal m = {};
        int r, first_error;

        first_error = c->preview ? 0 : staging_clean(s);
        r = removal_begin(s, c->used_layers, &m);
        if (r < 0)
                return r;

        m.preview = c->preview;
        m.orphan_grace = c->orphan_grace;
        r = collect_images(&m, c, reterr_message);
        first_error = first_error ?: r;
        r = c->preview ? 0 : collect_names(s);
        first_error = first_error ?: r;
        r = layers_prune(&m);
        first_error = first_error ?: r;
        c->removed_layers = m.n_layers;
        c->freed = m.bytes;
        r = collect_partial(s, c);
        return first_error ?: r;
}

/* What is in the directory; the directory itself is always there. */
static int measure_content(int dir_fd, uint64_t *ret)
{
        struct stat st;
        int r = tree_size_at(dir_fd, ".", UINT64_MAX - 1, ret);

        if (r < 0)
                return r;
        if (fstat(dir_fd, &st) < 0)
                return -errno;
        if (*ret < UINT64_MAX)
                *ret -= MIN(*ret, (uint64_t) st.st_blocks * 512);
        return 0;
}

int image_store_measure_transfers(ImageStore *s, uint64_t *ret)
{
        uint64_t partial = 0, staged = 0;
        int r = measure_content(s->partial_fd, &partial);

        if (r >= 0)
                r = measure_content(s->tmp_fd, &staged);
        if (r < 0)
                return r;
        *ret = partial > UINT64_MAX - staged ? UINT64_MAX : partial + staged;
        return 0;
}
