/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/path.h"
#include "basic/utf8.h"
#include "build/build-config.h"
#include "build/build-layer.h"
#include "build/build-pack.h"
#include "shared/archive.h"
#include "shared/explain.h"

/* One more change; the descriptor belongs to the caller, and the words to the history. */
static int add_change(BuildContext *c, int fd, const char *path, const char *command, const char *words)
{
        BuildChange change = { .path = strdup(path), .what = strjoin(command, " ", words) };
        int r = build_context_sync(c, fd);

        /* Paths may have any bytes, and the history is read in terminals. */
        if (change.what)
                utf8_make_printable(change.what);

        if (r < 0) {
                free(change.path);
                free(change.what);
                return r;
        }
        return build_record_add_change(c->record, &change);
}

int build_layer_copy(BuildContext *c, BuildCopy *copy, char **reterr_message)
{
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        int r = build_context_tree(c, &tree, reterr_message);

        if (r >= 0 && fstat(c->dir_fd, &copy->without) < 0)
                r = -errno;
        if (r >= 0)
                r = build_copy_plan(copy, tree, &plan, reterr_message);
        if (r < 0)
                return r;
        fd = build_context_create(c, ".tar", &path, reterr_message);
        if (fd < 0)
                return fd;
        r = build_tar_new(fd, c->record->time, &tar, reterr_message);
        if (r >= 0)
                r = build_copy_write(copy, &plan, tar, reterr_message);
        if (r >= 0)
                r = build_tar_finish(tar, reterr_message);
        /* Where the sources are on this host is nobody's business, and not the same on the next one. */
        return r < 0 ? r : add_change(c, fd, path, copy->command ?: "copy", copy->destination);
}

int build_layer_copy_hash(const BuildContext *c, BuildCopy *copy, Hasher *h, char **reterr_message)
{
        return fstat(c->dir_fd, &copy->without) < 0 ? -errno : build_copy_hash(copy, h, reterr_message);
}

/* Removing */

static int plan_removal(const BuildTree *tree, const char *word, char **ret, char **reterr_message)
{
        _cleanup_free_ char *clean = NULL, *parent = NULL, *real = NULL;
        const char *name;
        int r = path_clean(word, &clean);

        if (r < 0)
                return r;
        name = path_basename(clean);
        if (!*name)
                return explain(reterr_message, EINVAL, "is the top of the image, which stays");
        parent = strndup(clean, (size_t) (name - clean));
        if (!parent)
                return -ENOMEM;
        r = build_tree_follow(tree, parent, &real);
        if (r < 0)
                return r;
        *ret = strjoin(real, *real ? "/" : "", name);
        if (!*ret)
                return -ENOMEM;
        return build_tree_type(tree, *ret) == 0 ? explain(reterr_message, ENOENT, "the image has no such file") : 0;
}

static int plan_removals(BuildContext *c, char *const *words, char ***ret, char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        _cleanup_strv_free_ char **paths = NULL;
        int r = build_context_tree(c, &tree, reterr_message);

        STRV_FOREACH(word, words) {
                char *path = NULL;

                if (r < 0)
                        return r;
                r = plan_removal(tree, *word, &path, reterr_message);
                if (r >= 0)
                        r = strv_consume(&paths, path);
                else
                        free(path);
                if (r < 0)
                        return explain_context(reterr_message, r, "%s", *word);
        }
        if (r < 0)
                return r;
        strv_sort(paths);
        (void) strv_sorted_uniq(paths);
        *ret = TAKE_PTR(paths);
        return 0;
}

int build_layer_remove(BuildContext *c, char *const *words, char **reterr_message)
{
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_strv_free_ char **paths = NULL;
        _cleanup_free_ char *file = NULL, *list = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = plan_removals(c, words, &paths, reterr_message);

        if (r < 0)
                return r;
        fd = build_context_create(c, ".tar", &file, reterr_message);
        if (fd < 0)
                return fd;
        r = build_tar_new(fd, c->record->time, &tar, reterr_message);
        STRV_FOREACH(path, paths)
                if (r >= 0)
                        r = build_tar_hide(tar, *path, reterr_message);
        if (r >= 0)
                r = build_tar_finish(tar, reterr_message);
        list = strv_join(words, " ");
        return r < 0 ? r : list ? add_change(c, fd, file, "rm", list) : -ENOMEM;
}

/* Closing */

typedef struct Merge {
        BuildContext *context;
        BuildTree *lower;
        BuildSegments segments;
        int *tars;
        size_t n_tars;
} Merge;

static void merge_done(Merge *m)
{
        for (size_t i = 0; i < m->n_tars; i++)
                safe_close(m->tars[i]);
        free(m->tars);
        build_segments_done(&m->segments);
        build_tree_free(m->lower);
}

static int read_changes(Merge *m, char **reterr_message)
{
        const BuildRecord *record = m->context->record;

        m->tars = new_array(int, record->n_changes + 1);
        if (!m->tars)
                return -ENOMEM;
        for (; m->n_tars < record->n_changes; m->n_tars++) {
                const char *path = record->changes[m->n_tars].path;
                int fd = build_context_open_file(m->context, path, reterr_message), r;

                if (fd < 0)
                        return fd;
                m->tars[m->n_tars] = fd;
                r = build_tar_scan(fd, m->n_tars, &m->segments, reterr_message);
                if (r < 0) {
                        m->n_tars++;
                        return explain_context(reterr_message, r, "%s", path);
                }
        }
        return 0;
}

/* What a whiteout hides; NULL: it is none. *ret is its path, to be freed. */
static int hidden_by(const char *name, char **ret)
{
        const char *base = path_basename(name), *hidden = startswith(base, BUILD_WHITEOUT_PREFIX);

        *ret = hidden ? strprintf("%.*s%s", (int) (base - name), name, hidden) : NULL;
        return hidden && !*ret ? -ENOMEM : 0;
}

static int compare_segments(const void *a, const void *b)
{
        const BuildSegment *x = a, *y = b;

        return strcmp(x->name, y->name) ?: (x->tar > y->tar) - (x->tar < y->tar);
}

/* The whiteouts of all changes, in the order of their paths. */
typedef struct Removal {
        char *path;
        size_t tar;
} Removal;

typedef struct Removals {
        Removal *items;
        size_t n, n_allocated;
} Removals;

static void removals_done(Removals *r)
{
        for (size_t i = 0; i < r->n; i++)
                free(r->items[i].path);
        free(r->items);
}

static int compare_removals(const void *a, const void *b)
{
        const Removal *x = a, *y = b;

        return strcmp(x->path, y->path) ?: (x->tar > y->tar) - (x->tar < y->tar);
}

static int find_removals(const BuildSegments *segments, Removals *ret)
{
        for (size_t i = 0; i < segments->n; i++) {
                _cleanup_free_ char *path = NULL;
                int r = hidden_by(segments->items[i].name, &path);

                if (r >= 0 && path)
                        r = ARRAY_GROW(ret->items, ret->n_allocated, ret->n, 1);
                if (r < 0)
                        return r;
                if (path)
                        ret->items[ret->n++] = (Removal) { .path = TAKE_PTR(path), .tar = segments->items[i].tar };
        }
        if (ret->n > 0)
                qsort(ret->items, ret->n, sizeof(Removal), compare_removals);
        return 0;
}

/* Whether that change, or a later one, removed the path that the first n bytes of the name are. */
static bool is_removed_at(const Removals *removals, const char *name, size_t n, size_t since)
{
        for (size_t low = 0, high = removals->n; low < high;) {
                size_t middle = low + (high - low) / 2;
                const Removal *r = &removals->items[middle];
                int k = strncmp(name, r->path, n) ?: -(r->path[n] != 0);

                if (k == 0 && r->tar >= since)
                        return true;
                if (k < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return false;
}

/* Or a directory that it was in. */
static bool is_removed(const Removals *removals, const char *name, size_t tar)
{
        for (size_t n = strlen(name); n > 0; n--)
                if ((!name[n] || name[n] == '/') && is_removed_at(removals, name, n, tar + 1))
                        return true;
        return false;
}

static int compare_to_name(const void *name, const void *segment)
{
        return strcmp(name, ((const BuildSegment *) segment)->name);
}

/* Whiteouts are for what layers below have. A directory that is opaque needs none. */
static bool hides_something(const Merge *m, const char *hidden)
{
        _cleanup_free_ char *opaque = path_join(hidden, BUILD_OPAQUE);

        return build_tree_type(m->lower, hidden) != 0 &&
               !(opaque && bsearch(opaque, m->segments.items, m->segments.n, sizeof(BuildSegment), compare_to_name));
}

static bool is_opaque(const char *name)
{
        return streq(path_basename(name), BUILD_OPAQUE);
}

static bool is_wanted(const Merge *m, const Removals *removals, size_t i)
{
        const BuildSegment *s = &m->segments.items[i];
        _cleanup_free_ char *hidden = NULL;

        if (i + 1 < m->segments.n && streq(s->name, s[1].name))
                return false;
        if (hidden_by(s->name, &hidden) < 0)
                return false;
        if (is_opaque(s->name))
                return true;
        return hidden ? hides_something(m, hidden) : !is_removed(removals, s->name, s->tar);
}

/* Whether it is a directory in the place of another, which was removed. */
static bool is_replaced_directory(const Merge *m, const Removals *removals, const BuildSegment *s)
{
        return S_ISDIR(s->type) && build_tree_type(m->lower, s->name) == S_IFDIR &&
               is_removed_at(removals, s->name, strlen(s->name), 0) && !is_removed(removals, s->name, s->tar);
}

static void sort(BuildSegments *segments)
{
        if (segments->n > 0)
                qsort(segments->items, segments->n, sizeof(BuildSegment), compare_segments);
}

/* Directories that take the place of others become opaque, by one more change. */
static int add_opaques(Merge *m, const Removals *removals, char **reterr_message)
{
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_close_ int fd = build_aside(m->context, reterr_message);
        int r = fd < 0 ? fd : build_tar_new(fd, m->context->record->time, &tar, reterr_message);

        for (size_t i = 0; r >= 0 && i < m->segments.n; i++)
                if (is_replaced_directory(m, removals, &m->segments.items[i]))
                        r = build_tar_hide_within(tar, m->segments.items[i].name, reterr_message);
        if (r >= 0)
                r = build_tar_finish(tar, reterr_message);
        if (r < 0)
                return r;
        r = build_tar_scan(fd, m->n_tars, &m->segments, reterr_message);
        m->tars[m->n_tars++] = TAKE_FD(fd);
        sort(&m->segments);
        return r;
}

static int merge_into(Merge *m, int fd, char **reterr_message)
{
        _cleanup_(removals_done) Removals removals = {};
        int r;

        sort(&m->segments);
        r = find_removals(&m->segments, &removals);
        if (r >= 0)
                r = add_opaques(m, &removals, reterr_message);
        for (size_t i = 0; r >= 0 && i < m->segments.n; i++)
                if (is_wanted(m, &removals, i))
                        r = build_segment_copy(&m->segments.items[i], m->tars[m->segments.items[i].tar], fd);
        return r < 0 ? r : build_tar_end(fd);
}

static int describe(int fd, const char *path, BuildLayer *ret)
{
        int r = digest_of_file(DIGEST_SHA256, fd, &ret->tar, &ret->tar_size);

        if (r < 0)
                return r;
        ret->blob = ret->tar;
        ret->blob_size = ret->tar_size;
        ret->path = strdup(path);
        ret->compression = strdup(compression_to_string(COMPRESSION_NONE));
        return ret->path && ret->compression ? 0 : -ENOMEM;
}

static char *commands_of(const BuildRecord *record)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *joined = NULL;

        for (size_t i = 0; i < record->n_changes; i++)
                if (strv_extend(&list, record->changes[i].what) < 0)
                        return NULL;
        joined = strv_join(list, "; ");
        return joined ? strjoin("podctl build: ", joined) : NULL;
}

int build_layer_add(BuildContext *c, int fd, const char *path, const char *created_by)
{
        _cleanup_(build_layer_done) BuildLayer layer = {};
        _cleanup_free_ char *created = build_time_format(c->record->time), *by = strdup(created_by);
        int r = created && by ? build_context_sync(c, fd) : -ENOMEM;

        if (r >= 0)
                r = describe(fd, path, &layer);
        if (r < 0)
                return r;
        utf8_make_printable(by);
        r = build_config_add_layer(c->record->config, &layer.tar, created, by);
        return r < 0 ? r : build_record_add_layer(c->record, &layer);
}

int build_layer_close(BuildContext *c, char **reterr_message)
{
        _cleanup_(merge_done) Merge m = { .context = c };
        _cleanup_free_ char *path = NULL, *commands = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (c->record->n_changes == 0)
                return 0;
        r = build_context_lower_tree(c, &m.lower, reterr_message);
        if (r >= 0)
                r = read_changes(&m, reterr_message);
        if (r < 0)
                return r;
        fd = build_context_create(c, ".tar", &path, reterr_message);
        if (fd < 0)
                return fd;
        commands = commands_of(c->record);
        r = commands ? merge_into(&m, fd, reterr_message) : -ENOMEM;
        if (r >= 0)
                r = build_layer_add(c, fd, path, commands);
        if (r < 0)
                return explain_unless_told(reterr_message, r, path);
        build_record_drop_changes(c->record);
        return 1;
}
