/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "build/build-pack.h"
#include "build/build-rootfs.h"
#include "build/build-tree.h"
#include "image/tree/unpack-tree.h"
#include "shared/explain.h"

/* Layers are read twice: to see which of their entries the tree consists of in the end, and to copy those. Entries have
 * numbers, over all layers. */

typedef struct Directory {
        uint64_t number;
        struct archive_entry *entry;
} Directory;

/* A path of the tree, and the entry that it comes from. */
typedef struct Wanted {
        uint64_t number;
        char *path;
} Wanted;

typedef struct Rootfs {
        BuildContext *context;
        const char *prefix;
        BuildTar *tar;
        BuildTree *tree;
        size_t first, end;      /* the layers that count */
        char *const *parts;     /* only what is at or below them; NULL: everything */
        bool alone;             /* without directories that no entry is for: layers below may have them */
        bool hides;             /* the last one has whiteouts */
        uint64_t number;
        uint64_t top;           /* the entry of the top itself; 0: there is none */
        Directory *directories; /* by number */
        size_t n_directories, n_directories_allocated;
        Wanted *wanted;         /* by number, then path */
        size_t n_wanted, n_wanted_allocated;
        char **reterr_message;
} Rootfs;

typedef int (*See)(Rootfs *f, struct archive_entry *entry, ArchiveReader *reader);

static void rootfs_done(Rootfs *f)
{
        for (size_t i = 0; i < f->n_directories; i++)
                archive_entry_free(f->directories[i].entry);
        for (size_t i = 0; i < f->n_wanted; i++)
                free(f->wanted[i].path);
        free(f->directories);
        free(f->wanted);
        build_tree_free(f->tree);
}

/* Reading */

static int read_entries(Rootfs *f, const BuildLayer *layer, See see)
{
        _cleanup_close_ int fd = build_context_open_file(f->context, layer->path, f->reterr_message);
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        ArchiveTotals totals = {};
        int r = fd < 0 ? fd : archive_reader_new(fd, layer->tar.algorithm, &reader, f->reterr_message);

        while (r >= 0 && (r = archive_reader_next(reader, &entry, f->reterr_message)) > 0) {
                f->number++;
                r = see(f, entry, reader);
                if (r < 0)
                        return explain_context(f->reterr_message, r, "entry '%s'",
                                               strempty(archive_entry_pathname(entry)));
        }
        if (r >= 0)
                r = archive_reader_finish(reader, &totals, f->reterr_message);
        if (r < 0)
                return r;
        return digest_equal(&totals.tar_digest, &layer->tar) ? 0 : -EBADMSG;
}

/* All of them were read before. */
static int read_layer(Rootfs *f, const BuildLayer *layer, See see)
{
        int r = read_entries(f, layer, see);

        return r == -EBADMSG ? build_context_refuse_changed(layer->path, f->reterr_message) : r;
}

static int read_layers(Rootfs *f, See see)
{
        const BuildRecord *record = f->context->record;

        f->number = 0;
        for (size_t i = f->first; i < f->end; i++) {
                int r;

                f->hides = false;
                build_tree_next_layer(f->tree);
                r = read_layer(f, &record->layers[i], see);
                if (r < 0)
                        return explain_context(f->reterr_message, r, "layer %s",
                                               DIGEST_STRING(&record->layers[i].tar));
        }
        return 0;
}

/* Which entries there are in the end */

static int keep_directory(Rootfs *f, struct archive_entry *entry)
{
        struct archive_entry *copy;
        int r = ARRAY_GROW(f->directories, f->n_directories_allocated, f->n_directories, 1);

        if (r < 0)
                return r;
        copy = archive_entry_clone(entry);
        if (!copy)
                return -ENOMEM;
        f->directories[f->n_directories++] = (Directory) { f->number, copy };
        return 0;
}

static int see_entry(Rootfs *f, struct archive_entry *entry, ArchiveReader *reader)
{
        const char *hardlink = archive_entry_hardlink(entry);
        _cleanup_free_ char *path = NULL, *to = NULL;
        int r = tree_path(strempty(archive_entry_pathname(entry)), &path);

        if (r >= 0 && hardlink)
                r = tree_path(hardlink, &to);
        if (r < 0 || to)
                return r < 0 ? r : build_tree_link(f->tree, path, to);
        f->hides = f->hides || startswith(path_basename(path), BUILD_WHITEOUT_PREFIX);
        if (archive_entry_filetype(entry) == AE_IFDIR)
                r = keep_directory(f, entry);
        if (!*path)
                f->top = f->number;
        return r < 0 || !*path ? r
                               : build_tree_apply_origin(f->tree, path, archive_entry_filetype(entry),
                                                         archive_entry_symlink(entry), f->number);
}

/* Writing */

static char *name_of(const Rootfs *f, const char *path)
{
        return strjoin(f->prefix, path);
}

static int compare_directories(const void *a, const void *b)
{
        const Directory *x = a, *y = b;

        return (x->number > y->number) - (x->number < y->number);
}

/* One that only the paths of other files imply has no entry. */
static int write_directory(Rootfs *f, const char *name, uint64_t origin)
{
        Directory wanted = { .number = origin };
        const Directory *d = f->n_directories > 0 ? bsearch(&wanted, f->directories, f->n_directories,
                                                            sizeof(Directory), compare_directories)
                                                  : NULL;

        return d ? build_tar_copy(f->tar, name, d->entry, NULL, f->reterr_message)
                 : build_tar_add(f->tar, &(BuildEntry) { .path = name, .mode = S_IFDIR | 0755 }, -EBADF,
                                 f->reterr_message);
}

static bool is_part(const Rootfs *f, const char *path)
{
        STRV_FOREACH(part, f->parts)
                if (!**part || path_is_at_or_below(path, *part))
                        return true;
        return !f->parts;
}

static int visit(const BuildTreeNode *node, void *userdata)
{
        Rootfs *f = userdata;
        _cleanup_free_ char *name = NULL, *path = NULL;
        int r;

        if (!is_part(f, node->path))
                return 0;
        if (S_ISDIR(node->type)) {
                if (f->alone && node->origin == 0)
                        return 0;
                name = name_of(f, node->path);
                return name ? write_directory(f, name, node->origin) : -ENOMEM;
        }
        path = strdup(node->path);
        r = path ? ARRAY_GROW(f->wanted, f->n_wanted_allocated, f->n_wanted, 1) : -ENOMEM;
        if (r >= 0)
                f->wanted[f->n_wanted++] = (Wanted) { node->origin, TAKE_PTR(path) };
        return r;
}

/* The first of the paths is also the first in a tar that is sorted. */
static int compare_wanted(const void *a, const void *b)
{
        const Wanted *x = a, *y = b;

        return (x->number > y->number) - (x->number < y->number) ?: path_compare(x->path, y->path);
}

static const Wanted *find_wanted(const Rootfs *f, uint64_t number)
{
        size_t low = 0, high = f->n_wanted;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (f->wanted[middle].number < number)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < f->n_wanted && f->wanted[low].number == number ? &f->wanted[low] : NULL;
}

/* The entry under its first path; the others are links to that. */
static int copy_entry(Rootfs *f, struct archive_entry *entry, ArchiveReader *reader)
{
        const Wanted *w = find_wanted(f, f->number), *end = f->wanted + f->n_wanted;
        _cleanup_free_ char *first = w ? name_of(f, w->path) : NULL;
        int r;

        if (!w)
                return 0;
        r = first ? build_tar_copy(f->tar, first, entry, reader, f->reterr_message) : -ENOMEM;
        for (w++; r >= 0 && w < end && w->number == f->number; w++) {
                _cleanup_free_ char *name = name_of(f, w->path);

                r = name ? build_tar_link(f->tar, name, first, f->reterr_message) : -ENOMEM;
        }
        return r;
}

static int write_top(Rootfs *f)
{
        _cleanup_free_ char *name = *f->prefix ? strndup(f->prefix, strcspn(f->prefix, "/")) : strdup(".");

        return name ? write_directory(f, name, f->top) : -ENOMEM;
}

/* Directories come first. */
static int write_rootfs(Rootfs *f)
{
        int r = build_tree_new(&f->tree);

        if (r >= 0)
                r = read_layers(f, see_entry);
        if (r >= 0 && !f->parts)
                r = write_top(f);
        if (r >= 0)
                r = build_tree_walk(f->tree, visit, f);
        if (r >= 0 && f->n_wanted > 0)
                qsort(f->wanted, f->n_wanted, sizeof(Wanted), compare_wanted);
        return r < 0 ? r : read_layers(f, copy_entry);
}

int build_rootfs_write(BuildContext *c, const char *prefix, BuildTar *tar, char **reterr_message)
{
        _cleanup_(rootfs_done) Rootfs f = { .context = c, .prefix = prefix, .tar = tar, .end = c->record->n_layers,
                                            .reterr_message = reterr_message };

        return write_rootfs(&f);
}

int build_rootfs_write_layer(BuildContext *c, size_t layer, const char *prefix, BuildTar *tar, char **reterr_message)
{
        _cleanup_(rootfs_done) Rootfs f = { .context = c, .prefix = prefix, .tar = tar, .first = layer,
                                            .end = layer + 1, .alone = true, .reterr_message = reterr_message };

        return write_rootfs(&f);
}

int build_rootfs_write_parts(BuildContext *c, char *const *paths, BuildTar *tar, char **reterr_message)
{
        _cleanup_(rootfs_done) Rootfs f = { .context = c, .prefix = "", .tar = tar, .end = c->record->n_layers,
                                            .parts = paths, .reterr_message = reterr_message };

        return write_rootfs(&f);
}

/* Lists */

static int list_path(const BuildTreeNode *node, void *userdata)
{
        _cleanup_free_ char *path = strjoin("/", node->path);

        if (!path)
                return -ENOMEM;
        return json_object_array_add(userdata, json_object_new_string(path)) < 0 ? -ENOMEM : 0;
}

int build_rootfs_whitelist(BuildContext *c, size_t layer, json_object **ret, char **reterr_message)
{
        _cleanup_(rootfs_done) Rootfs f = { .context = c, .end = layer + 1, .reterr_message = reterr_message };
        _cleanup_json_object_ json_object *list = json_object_new_array();
        int r = build_tree_new(&f.tree);

        if (r >= 0)
                r = read_layers(&f, see_entry);
        if (r >= 0 && f.hides)
                r = build_tree_walk(f.tree, list_path, list);
        if (r < 0)
                return r;
        *ret = f.hides ? TAKE_PTR(list) : NULL;
        return 0;
}
