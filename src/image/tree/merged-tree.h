/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "basic/strv.h"

/* Several file trees, read as the one that overlayfs would show (Documentation/filesystems/overlayfs.rst, "whiteouts
 * and opaque directories"), without mounting anything: a directory merges with those of the same name below it,
 * everything else hides what is below. A layer may be limited to some of its files; the others count as missing, and so
 * hide nothing.
 *
 * Paths are relative to the top, which is "". */

typedef struct MergedLayer {
        int fd;                 /* its top */
        size_t source;          /* chosen by the caller, to identify the layer */
        char **implied;         /* sorted: directories without metadata of their own (image/store/layer-store.h) */
        size_t n_implied;
        /* Whether a path of the layer counts; NULL: all of them do. It has to allow the parents of the paths it
         * allows. */
        bool (*allows)(const void *userdata, const char *path, bool is_directory);
        const void *userdata;
} MergedLayer;

typedef struct MergedTree {
        MergedLayer *layers;    /* top first */
        size_t n;
} MergedTree;

/* Opens the trees at these paths, top first. */
int merged_tree_open(char *const *paths, MergedTree *ret);
/* Closes the layers and frees their lists. */
void merged_tree_done(MergedTree *t);

/* What the merged tree has at a path. layers are indices into the tree's layers, top first: for a directory all that
 * contribute to it, for anything else the one that has it. */
typedef struct MergedNode {
        size_t *layers;
        size_t n;               /* 0: nothing there */
        size_t metadata;        /* the layer whose metadata counts: the uppermost that does not merely imply it */
        struct stat st;         /* of the path in that layer */
} MergedNode;

static inline bool merged_node_is_directory(const MergedNode *n)
{
        return n->n > 0 && S_ISDIR(n->st.st_mode);
}

void merged_node_done(MergedNode *n);

int merged_tree_top(const MergedTree *t, MergedNode *ret);
/* Looks up the path, given the node of its parent directory. */
int merged_tree_look_up(const MergedTree *t, const MergedNode *parent, const char *path, MergedNode *ret);
/* Adds all names that may exist in the directory to *names, which is then sorted and has each name once. */
int merged_tree_names(const MergedTree *t, const MergedNode *directory, const char *path, char ***names);

/* Calls visit for every path: for a directory before its contents and once more after them (leaving). Stops at visit's
 * first error and returns it. */
typedef int (*MergedVisit)(const MergedTree *t, const char *path, const MergedNode *node, bool leaving, void *userdata);
int merged_tree_walk(const MergedTree *t, MergedVisit visit, void *userdata);

/* The path of a name in a directory. */
char *merged_path(const char *directory, const char *name);
