/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "basic/strv.h"

/* Several file trees as the one that overlayfs would show of them (Documentation/filesystems/overlayfs.rst, "whiteouts
 * and opaque directories"), read without mounting anything: a directory merges with those of its name below it, all
 * else hides what is below. A layer may be told to have only a part of its files; the rest is as if it were not there,
 * and so hides nothing.
 *
 * Paths are relative to the top, which is "". */

typedef struct MergedLayer {
        int fd;                 /* its top */
        size_t source;          /* the caller's, to recognise it by */
        char **implied;         /* sorted: directories that say nothing of their metadata (image/store/layer-store.h) */
        size_t n_implied;
        /* What of it there is; NULL for all. Allows the parents of what it allows. */
        bool (*allows)(const void *userdata, const char *path, bool is_directory);
        const void *userdata;
} MergedLayer;

typedef struct MergedTree {
        MergedLayer *layers;    /* top first */
        size_t n;
} MergedTree;

/* Trees at these paths, top first. */
int merged_tree_open(char *const *paths, MergedTree *ret);
/* Closes the layers and frees their lists. */
void merged_tree_done(MergedTree *t);

/* What there is at a path. Layers are indices into the tree's, top first: for a directory all it is made of, for
 * anything else the one that has it. */
typedef struct MergedNode {
        size_t *layers;
        size_t n;               /* 0: nothing there */
        size_t metadata;        /* the layer whose metadata counts: the uppermost that does not merely imply it */
        struct stat st;         /* there */
} MergedNode;

static inline bool merged_node_is_directory(const MergedNode *n)
{
        return n->n > 0 && S_ISDIR(n->st.st_mode);
}

void merged_node_done(MergedNode *n);

int merged_tree_top(const MergedTree *t, MergedNode *ret);
/* The path's, in the node of its parent directory. */
int merged_tree_look_up(const MergedTree *t, const MergedNode *parent, const char *path, MergedNode *ret);
/* All names that may be something in the directory, sorted, each once; adds to what is in *names. */
int merged_tree_names(const MergedTree *t, const MergedNode *directory, const char *path, char ***names);

/* Calls visit for everything: directories before what is in them, and when it leaves them once more. Stops at its
 * first error and returns that. */
typedef int (*MergedVisit)(const MergedTree *t, const char *path, const MergedNode *node, bool leaving, void *userdata);
int merged_tree_walk(const MergedTree *t, MergedVisit visit, void *userdata);

/* A name in a directory, as path. */
char *merged_path(const char *directory, const char *name);
