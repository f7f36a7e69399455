/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "basic/fs.h"
#include "image/tree/merged-tree.h"

int merged_tree_open(char *const *paths, MergedTree *ret)
{
        MergedTree t = { .layers = new0(MergedLayer, strv_length(paths)) };

        if (!t.layers)
                return -ENOMEM;
        STRV_FOREACH(path, paths) {
                int fd = open_directory_at(AT_FDCWD, *path);

                if (fd < 0) {
                        merged_tree_done(&t);
                        return fd;
                }
                t.layers[t.n].fd = fd;
                t.layers[t.n].source = t.n;
                t.n++;
        }
        *ret = t;
        return 0;
}

void merged_tree_done(MergedTree *t)
{
        for (size_t i = 0; i < t->n; i++) {
                safe_close(t->layers[i].fd);
                strv_free(t->layers[i].implied);
        }
        free(t->layers);
        *t = (MergedTree) {};
}

void merged_node_done(MergedNode *n)
{
        free(n->layers);
        *n = (MergedNode) {};
}

char *merged_path(const char *directory, const char *name)
{
        return *directory ? strjoin(directory, "/", name) : strdup(name);
}

static const char *path_or_dot(const char *path)
{
        return *path ? path : ".";
}

static bool is_whiteout(const struct stat *st)
{
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

/* Whether the directory hides what is below it in other layers. */
static int is_opaque(const MergedLayer *l, const char *path)
{
        _cleanup_close_ int fd = open_directory_at(l->fd, path_or_dot(path));
        char value;

        if (fd < 0)
                return fd;
        return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

static bool is_implied(const MergedLayer *l, const char *path)
{
        return strv_sorted_contains(l->implied, l->n_implied, path);
}

static int implied_is_there(const MergedLayer *l, const char *path);

/* 1: the layer has something there, and allows() lets it count. */
static int is_there(const MergedLayer *l, const char *path, const struct stat *st)
{
        if (!l->allows)
                return 1;
        if (S_ISDIR(st->st_mode) && is_implied(l, path))
                return implied_is_there(l, path);
        return l->allows(l->userdata, path, S_ISDIR(st->st_mode));
}

/* An implied directory counts only if something in it does. For its files, allows() answers: asked about the directory
 * as about a file, it says yes if it allows one of them. Subdirectories are checked here. */
static int implied_is_there(const MergedLayer *l, const char *path)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (l->allows(l->userdata, path, false))
                return 1;
        r = list_directory_all_at(l->fd, path_or_dot(path), &names);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *child = merged_path(path, *name);
                struct stat st;

                if (!child)
                        return -ENOMEM;
                if (fstatat(l->fd, child, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                r = S_ISDIR(st.st_mode) ? is_there(l, child, &st) : 0;
                if (r != 0)
                        return r;
        }
        return r;
}

typedef struct Search {
        const MergedTree *tree;
        const char *path;
        MergedNode *node;
        bool said;              /* a layer had an entry of its own for the directory */
} Search;

static void add_layer(Search *s, size_t layer, const struct stat *st)
{
        MergedNode *n = s->node;

        if (n->n == 0 || (!s->said && !is_implied(&s->tree->layers[layer], s->path))) {
                n->metadata = layer;
                n->st = *st;
        }
        s->said = s->said || !is_implied(&s->tree->layers[layer], s->path);
        n->layers[n->n++] = layer;
}

/* 1: look further down. 0: whatever is below is hidden. */
static int search_layer(Search *s, size_t layer, bool is_last)
{
        const MergedLayer *l = &s->tree->layers[layer];
        struct stat st;
        int r;

        if (fstatat(l->fd, path_or_dot(s->path), &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 1 : -errno;
        r = is_there(l, s->path, &st);
        if (r <= 0)
                return r < 0 ? r : 1;
        if (!S_ISDIR(st.st_mode)) {
                if (s->node->n == 0 && !is_whiteout(&st))
                        add_layer(s, layer, &st);
                return 0;
        }
        add_layer(s, layer, &st);
        if (is_last)
                return 0;
        r = is_opaque(l, s->path);
        return r < 0 ? r : !r;
}

static int search(const MergedTree *t, const size_t *layers, size_t n, const char *path, MergedNode *ret)
{
        MergedNode node = { .layers = new0(size_t, n) };
        Search s = { .tree = t, .path = path, .node = &node };
        int r = 1;

        if (!node.layers)
                return -ENOMEM;
        for (size_t i = 0; i < n && r > 0; i++)
                r = search_layer(&s, layers ? layers[i] : i, i + 1 == n);
        if (r < 0) {
                merged_node_done(&node);
                return r;
        }
        *ret = node;
        return 0;
}

int merged_tree_top(const MergedTree *t, MergedNode *ret)
{
        return search(t, NULL, t->n, "", ret);
}

int merged_tree_look_up(const MergedTree *t, const MergedNode *parent, const char *path, MergedNode *ret)
{
        return search(t, parent->layers ?: (size_t[]) { 0 }, parent->n, path, ret);
}

int merged_tree_names(const MergedTree *t, const MergedNode *directory, const char *path, char ***names)
{
        size_t n = strv_length(*names), n_allocated = 0;

        for (size_t i = 0; i < directory->n; i++) {
                _cleanup_free_ char **more = NULL;
                int r;

                r = list_directory_all_at(t->layers[directory->layers[i]].fd, path_or_dot(path), &more);
                if (r < 0)
                        return r;
                r = ARRAY_GROW(*names, n_allocated, n, strv_length(more) + 1);
                if (r < 0) {
                        strv_free(TAKE_PTR(more));
                        return r;
                }
                for (char **name = more; *name; name++)
                        (*names)[n++] = *name;
                (*names)[n] = NULL;
        }
        strv_sort(*names);
        (void) strv_sorted_uniq(*names);
        return 0;
}

typedef struct Walk {
        const MergedTree *tree;
        MergedVisit visit;
        void *userdata;
} Walk;

static int walk(const Walk *w, const char *path, const MergedNode *node);

static int walk_directory(const Walk *w, const char *path, const MergedNode *node)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = merged_tree_names(w->tree, node, path, &names);
        if (r < 0)
                return r;
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *child = merged_path(path, *name);
                _cleanup_(merged_node_done) MergedNode found = {};

                if (!child)
                        return -ENOMEM;
                r = merged_tree_look_up(w->tree, node, child, &found);
                if (r < 0)
                        return r;
                if (found.n > 0)
                        r = walk(w, child, &found);
                if (r < 0)
                        return r;
        }
        return w->visit(w->tree, path, node, true, w->userdata);
}

static int walk(const Walk *w, const char *path, const MergedNode *node)
{
        int r = w->visit(w->tree, path, node, false, w->userdata);

        return r < 0 || !merged_node_is_directory(node) ? r : walk_directory(w, path, node);
}

int merged_tree_walk(const MergedTree *t, MergedVisit visit, void *userdata)
{
        _cleanup_(merged_node_done) MergedNode top = {};
        int r;

        r = merged_tree_top(t, &top);
        return r < 0 ? r : top.n == 0 ? -ENOENT : walk(&(Walk) { t, visit, userdata }, "", &top);
}
