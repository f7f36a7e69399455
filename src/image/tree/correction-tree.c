/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "image/tree/correction-tree.h"
#include "image/tree/tree-copy.h"

typedef struct Correction {
        const MergedTree *stacked;
        const MergedTree *wanted;
        int directory_fd;
        const char *name;
        int fd;                 /* the tree, made when first needed */
} Correction;

/* The current directory, and those above it. */
typedef struct Frame {
        struct Frame *parent;
        const char *path;
        const MergedNode *stacked;
        const MergedNode *wanted;
        bool made;
} Frame;

static int make_directories(Correction *c, Frame *f)
{
        int r;

        if (f->made)
                return 0;
        if (f->parent) {
                r = make_directories(c, f->parent);
                if (r < 0)
                        return r;
                if (mkdirat(c->fd, f->path, 0700) < 0)
                        return -errno;
        } else {
                c->fd = mkdir_open_at(c->directory_fd, c->name, 0700);
                if (c->fd < 0)
                        return c->fd;
        }
        f->made = true;
        return 0;
}

/* Sets the directory's metadata, after its contents, which would change its times. */
static int finish_directory(Correction *c, const Frame *f)
{
        const char *path = *f->path ? f->path : ".";
        _cleanup_close_ int from = -EBADF, to = -EBADF;

        if (!f->made)
                return 0;
        from = open_directory_at(c->wanted->layers[f->wanted->metadata].fd, path);
        to = open_directory_at(c->fd, path);
        return from < 0 ? from : to < 0 ? to : tree_copy_metadata(from, to);
}

static int hide(Correction *c, Frame *f, const char *path)
{
        int r;

        r = make_directories(c, f);
        if (r < 0)
                return r;
        return mknodat(c->fd, path, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
}

static int show(Correction *c, Frame *f, const char *path, const MergedNode *wanted)
{
        int r;

        r = make_directories(c, f);
        if (r < 0)
                return r;
        return linkat(c->wanted->layers[wanted->layers[0]].fd, path, c->fd, path, 0) < 0 ? -errno : 0;
}

static size_t source_of(const MergedTree *t, size_t layer)
{
        return t->layers[layer].source;
}

static bool is_same_file(const Correction *c, const MergedNode *stacked, const MergedNode *wanted)
{
        return stacked->n > 0 && !merged_node_is_directory(stacked) &&
               source_of(c->stacked, stacked->layers[0]) == source_of(c->wanted, wanted->layers[0]);
}

/* Overlayfs shows the metadata of the uppermost directory, even if its layer merely implies it. */
static bool looks_right(const Correction *c, const MergedNode *stacked, const MergedNode *wanted)
{
        return merged_node_is_directory(stacked) &&
               source_of(c->stacked, stacked->layers[0]) == source_of(c->wanted, wanted->metadata);
}

static int correct_directory(Correction *c, Frame *f);

static int correct_child(Correction *c, Frame *f, const char *path)
{
        static const MergedNode nothing;
        _cleanup_(merged_node_done) MergedNode stacked = {}, wanted = {};
        Frame child = { .parent = f, .path = path, .stacked = &stacked, .wanted = &wanted };
        int r;

        r = merged_tree_look_up(c->stacked, f->stacked, path, &stacked);
        if (r < 0)
                return r;
        r = merged_tree_look_up(c->wanted, f->wanted, path, &wanted);
        if (r < 0)
                return r;
        if (wanted.n == 0)
                return stacked.n > 0 ? hide(c, f, path) : 0;
        if (!merged_node_is_directory(&wanted))
                return is_same_file(c, &stacked, &wanted) ? 0 : show(c, f, path, &wanted);

        if (!looks_right(c, &stacked, &wanted)) {
                r = make_directories(c, &child);
                if (r < 0)
                        return r;
        }
        /* A directory in our tree hides a file in its place and everything below that: our tree must then have all that
         * is wanted in it. */
        if (!merged_node_is_directory(&stacked))
                child.stacked = &nothing;
        return correct_directory(c, &child);
}

static int correct_directory(Correction *c, Frame *f)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = merged_tree_names(c->stacked, f->stacked, f->path, &names);
        if (r < 0)
                return r;
        r = merged_tree_names(c->wanted, f->wanted, f->path, &names);
        if (r < 0)
                return r;
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = merged_path(f->path, *name);

                r = path ? correct_child(c, f, path) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return finish_directory(c, f);
}

static void correction_done(Correction *c)
{
        safe_close(c->fd);
}

int correction_tree_make(const MergedTree *stacked, const MergedTree *wanted, int directory_fd, const char *name)
{
        _cleanup_(correction_done) Correction c = { .stacked = stacked, .wanted = wanted,
                                                    .directory_fd = directory_fd, .name = name, .fd = -EBADF };
        _cleanup_(merged_node_done) MergedNode stacked_top = {}, wanted_top = {};
        Frame top = { .path = "", .stacked = &stacked_top, .wanted = &wanted_top };
        int r;

        r = merged_tree_top(stacked, &stacked_top);
        if (r < 0)
                return r;
        r = merged_tree_top(wanted, &wanted_top);
        if (r < 0)
                return r;
        if (!looks_right(&c, &stacked_top, &wanted_top)) {
                r = make_directories(&c, &top);
                if (r < 0)
                        return r;
        }
        return correct_directory(&c, &top);
}
