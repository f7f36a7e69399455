/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/path.h"
#include "build/build-tree.h"

#define LINKS_MAX 40    /* in one path; the kernel's own limit */

typedef struct Node Node;
struct Node {
        char *name;
        mode_t type;
        char *target;
        uint64_t origin;
        unsigned layer;
        Node **children;        /* sorted by name */
        size_t n, n_allocated;
};

struct BuildTree {
        Node top;
        unsigned layer;
};

static void node_done(Node *n);

static Node *node_free(Node *n)
{
        if (n)
                node_done(n);
        return mfree(n);
}

static void drop_children(Node *n)
{
        for (size_t i = 0; i < n->n; i++)
                node_free(n->children[i]);
        n->children = mfree(n->children);
        n->n = n->n_allocated = 0;
}

static void node_done(Node *n)
{
        drop_children(n);
        free(n->name);
        free(n->target);
}

int build_tree_new(BuildTree **ret)
{
        BuildTree *t = new0(BuildTree, 1);

        if (!t)
                return -ENOMEM;
        t->top.type = S_IFDIR;
        *ret = t;
        return 0;
}

BuildTree *build_tree_free(BuildTree *t)
{
        if (t)
                node_done(&t->top);
        return mfree(t);
}

void build_tree_next_layer(BuildTree *t)
{
        t->layer++;
}

/* Where the child is, or would have to be. */
static bool find_child(const Node *n, const char *name, size_t length, size_t *ret)
{
        size_t low = 0, high = n->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                const char *other = n->children[middle]->name;
                int c = strncmp(name, other, length) ?: -(other[length] != 0);

                if (c == 0) {
                        *ret = middle;
                        return true;
                }
                if (c < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        *ret = low;
        return false;
}

/* The next component and its length; the rest begins behind it. NULL: there is none. */
static const char *next_component(const char **path, size_t *ret_length)
{
        const char *start = *path + strspn(*path, "/");

        *ret_length = strcspn(start, "/");
        *path = start + *ret_length;
        return *ret_length > 0 ? start : NULL;
}

static const Node *find(const BuildTree *t, const char *path)
{
        const Node *n = &t->top;
        const char *name;
        size_t length, i;

        while ((name = next_component(&path, &length))) {
                if (!find_child(n, name, length, &i))
                        return NULL;
                n = n->children[i];
        }
        return n;
}

mode_t build_tree_type(const BuildTree *t, const char *path)
{
        const Node *n = find(t, path);

        return n ? n->type : 0;
}

/* Goes on behind a link: the rest of the path follows its target, which begins at the top if it is absolute. */
static int enter_link(const Node *link, char **done, char **rest)
{
        _cleanup_free_ char *joined = strjoin(link->target, "/", *rest);

        if (!joined)
                return -ENOMEM;
        if (path_is_absolute(link->target))
                **done = 0;
        free(*rest);
        *rest = TAKE_PTR(joined);
        return 0;
}

static void drop_last(char *path)
{
        char *slash = strrchr(path, '/');

        *(slash ?: path) = 0;
}

/* Only a directory has one above it. */
static int check_directory(const BuildTree *t, const char *path)
{
        const Node *node = find(t, path);

        return !node ? -ENOENT : S_ISDIR(node->type) ? 0 : -ENOTDIR;
}

static int follow_step(const BuildTree *t, char **done, char **rest, unsigned *links)
{
        const char *behind = *rest, *name;
        _cleanup_free_ char *next = NULL, *left = NULL;
        const Node *node;
        size_t length;

        name = next_component(&behind, &length);
        if (!name)
                return 0;
        left = strdup(behind);
        next = strprintf("%s%s%.*s", *done, **done ? "/" : "", (int) length, name);
        if (!left || !next)
                return -ENOMEM;
        node = find(t, next);
        if (length == 2 && strncmp(name, "..", 2) == 0) {
                int r = check_directory(t, *done);

                if (r < 0)
                        return r;
                drop_last(*done);
        } else if (node && S_ISLNK(node->type)) {
                free(*rest);
                *rest = TAKE_PTR(left);
                return ++*links > LINKS_MAX ? -ELOOP : enter_link(node, done, rest) ?: 1;
        } else if (length != 1 || *name != '.') {
                free(*done);
                *done = TAKE_PTR(next);
        }
        free(*rest);
        *rest = TAKE_PTR(left);
        return 1;
}

int build_tree_follow(const BuildTree *t, const char *path, char **ret)
{
        _cleanup_free_ char *done = strdup(""), *rest = strdup(path);
        unsigned links = 0;
        int r;

        if (!done || !rest)
                return -ENOMEM;
        do
                r = follow_step(t, &done, &rest, &links);
        while (r > 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(done);
        return 0;
}

/* Changes */

static int add_child(Node *n, size_t at, const char *name, size_t length, Node **ret)
{
        Node *child;

        if (ARRAY_GROW(n->children, n->n_allocated, n->n, 1) < 0)
                return -ENOMEM;
        child = new0(Node, 1);
        if (!child)
                return -ENOMEM;
        child->name = strndup(name, length);
        if (!child->name)
                return free(child), -ENOMEM;
        memmove(n->children + at + 1, n->children + at, (n->n - at) * sizeof(Node *));
        n->children[at] = child;
        n->n++;
        *ret = child;
        return 0;
}

static int set_node(BuildTree *t, Node *n, mode_t type, const char *target, uint64_t origin)
{
        int r = free_and_strdup(&n->target, S_ISLNK(type) ? strempty(target) : NULL);

        if (r < 0)
                return r;
        if (!S_ISDIR(type))
                drop_children(n);
        n->type = type & S_IFMT;
        n->origin = origin;
        n->layer = t->layer;
        return 0;
}

/* The node, made if necessary, with its parents as directories. */
static int make_node(BuildTree *t, const char *path, Node **ret)
{
        Node *n = &t->top;
        const char *name;
        size_t length, i;

        while ((name = next_component(&path, &length))) {
                int r = 0;

                if (!S_ISDIR(n->type))
                        r = set_node(t, n, S_IFDIR, NULL, 0);
                if (r < 0)
                        return r;
                if (find_child(n, name, length, &i)) {
                        n = n->children[i];
                        continue;
                }
                r = add_child(n, i, name, length, &n);
                if (r < 0)
                        return r;
                n->layer = t->layer;
        }
        *ret = n;
        return 0;
}

/* Removes what lower layers have below the node; returns whether the node itself is to go. If not, it is a directory on
 * the way to what stays, and nothing of a lower layer any more. */
static bool hide(const BuildTree *t, Node *n)
{
        size_t kept = 0;

        for (size_t i = 0; i < n->n; i++) {
                Node *child = n->children[i];

                if (hide(t, child)) {
                        node_free(child);
                        continue;
                }
                if (child->layer < t->layer)
                        child->origin = 0;
                n->children[kept++] = child;
        }
        n->n = kept;
        return kept == 0 && n->layer < t->layer;
}

static void white_out(BuildTree *t, const char *directory, const char *name)
{
        Node *n = (Node *) find(t, directory);
        size_t i;

        if (!n || !find_child(n, name, strlen(name), &i))
                return;
        if (!hide(t, n->children[i])) {
                if (n->children[i]->layer < t->layer)
                        n->children[i]->origin = 0;
                return;
        }
        node_free(n->children[i]);
        memmove(n->children + i, n->children + i + 1, (n->n - i - 1) * sizeof(Node *));
        n->n--;
}

/* Links of the same layer lead on; those below are replaced by directories. */
static int follow_own_parents(const BuildTree *t, const char *path, char **ret)
{
        _cleanup_free_ char *parent = strdup(path), *real = NULL;
        const char *name = path_basename(path);
        int r;

        if (!parent)
                return -ENOMEM;
        for (drop_last(parent); *parent; drop_last(parent)) {
                const Node *n = find(t, parent);

                if (!n || !S_ISLNK(n->type) || n->layer != t->layer)
                        continue;
                name = path + strlen(parent) + 1;
                r = build_tree_follow(t, parent, &real);
                if (r < 0)
                        return r;
                *ret = *real ? strjoin(real, "/", name) : strdup(name);
                return *ret ? 0 : -ENOMEM;
        }
        *ret = strdup(path);
        return *ret ? 0 : -ENOMEM;
}

static int apply(BuildTree *t, const char *path, mode_t type, const char *target, uint64_t origin)
{
        Node *n;
        int r = make_node(t, path, &n);

        return r < 0 ? r : set_node(t, n, type, target, origin);
}

int build_tree_apply_origin(BuildTree *t, const char *path, mode_t type, const char *target, uint64_t origin)
{
        _cleanup_free_ char *real = NULL, *directory = NULL;
        const char *name, *hidden;
        Node *n;
        int r = follow_own_parents(t, path, &real);

        if (r < 0)
                return r;
        name = path_basename(real);
        hidden = startswith(name, BUILD_WHITEOUT_PREFIX);
        if (!hidden)
                return apply(t, real, type, target, origin);
        directory = strdup(real);
        if (!directory)
                return -ENOMEM;
        drop_last(directory);
        if (!streq(name, BUILD_OPAQUE))
                white_out(t, directory, hidden);
        else if ((n = (Node *) find(t, directory)))
                (void) hide(t, n);
        return 0;
}

int build_tree_apply(BuildTree *t, const char *path, mode_t type, const char *target)
{
        return build_tree_apply_origin(t, path, type, target, 0);
}

int build_tree_link(BuildTree *t, const char *path, const char *to)
{
        _cleanup_free_ char *target = NULL;
        const Node *n = find(t, to);

        if (!n)
                return -ENOENT;
        target = n->target ? strdup(n->target) : NULL;
        return n->target && !target ? -ENOMEM : build_tree_apply_origin(t, path, n->type, target, n->origin);
}

static int walk(const Node *n, const char *path, BuildTreeVisit visit, void *userdata)
{
        for (size_t i = 0; i < n->n; i++) {
                const Node *child = n->children[i];
                _cleanup_free_ char *below = strjoin(path, *path ? "/" : "", child->name);
                int r;

                if (!below)
                        return -ENOMEM;
                r = visit(&(BuildTreeNode) { .path = below, .type = child->type ?: S_IFDIR, .target = child->target,
                                             .origin = child->origin }, userdata);
                if (r >= 0)
                        r = walk(child, below, visit, userdata);
                if (r < 0)
                        return r;
        }
        return 0;
}

int build_tree_walk(const BuildTree *t, BuildTreeVisit visit, void *userdata)
{
        return walk(&t->top, "", visit, userdata);
}
