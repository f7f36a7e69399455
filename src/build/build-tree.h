/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* What an image has at its paths, without any contents: to tell where a path leads through the image's own links, and
 * which directories are missing. Paths are relative and clean; "" is the top. */

#define BUILD_WHITEOUT_PREFIX ".wh."
#define BUILD_OPAQUE ".wh..wh..opq"

typedef struct BuildTree BuildTree;

int build_tree_new(BuildTree **ret);
BuildTree *build_tree_free(BuildTree *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(BuildTree *, build_tree_free);

/* What is applied from now on belongs to another layer, whose whiteouts hide the earlier ones. */
void build_tree_next_layer(BuildTree *t);
/* Applies an entry of a layer: what has its path is replaced, except for a directory by a directory, and missing
 * parents are made. target: of a symbolic link. */
int build_tree_apply(BuildTree *t, const char *path, mode_t type, const char *target);
/* The same, and says what comes from that entry; a number above 0. */
int build_tree_apply_origin(BuildTree *t, const char *path, mode_t type, const char *target, uint64_t origin);
/* The same for a hard link, which has the origin of what it leads to. -ENOENT: to what is not there. */
int build_tree_link(BuildTree *t, const char *path, const char *to);

/* The type, S_IFREG and the like; 0: nothing is there. Links are not followed. */
mode_t build_tree_type(const BuildTree *t, const char *path);
/* The path behind all links, also that of the last component, as the image's processes see it; what does not exist
 * stays as it is written. -ELOOP: too many links. -ENOENT, -ENOTDIR: what ".." is behind is not there, or no
 * directory. */
int build_tree_follow(const BuildTree *t, const char *path, char **ret);

/* Everything but the top, sorted, parents first. */
typedef struct BuildTreeNode {
        const char *path;
        mode_t type;
        const char *target;
        uint64_t origin;        /* 0: none was said, or it is a directory on the way that no entry is for */
} BuildTreeNode;

typedef int (*BuildTreeVisit)(const BuildTreeNode *node, void *userdata);
int build_tree_walk(const BuildTree *t, BuildTreeVisit visit, void *userdata);
