/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "basic/strv.h"

/* The tree into which an archive is being unpacked: finds and makes parents without ever leaving the top, and handles
 * overlayfs' whiteouts. Paths are relative and normalised, as tree_path() makes them; "" is the top itself.
 *
 * A parent may be a symbolic link from an earlier entry of the archive. It is followed as by a process that has the
 * tree as its root directory, and the resulting path of the parent is then opened without following anything. Nothing
 * in the tree is ever replaced, except whiteouts, so no name leads elsewhere later. The last component of a path is
 * never followed.
 *
 * Each possible fault of an archive has an error of its own: -ELOOP, a parent is a symbolic link that leads in a circle
 * or to nothing in the tree (what the layers below have there is not known); -ENOTDIR, a parent is not a directory;
 * -EEXIST, the name exists already; -ENOENT, something that must exist does not. */

#define TREE_DEPTH_MAX 256
#define TREE_LINKS_MAX 40 /* in one path; the kernel's own limit */

typedef struct Tree {
        int fd;
        int parent_fd;          /* the parent requested last: archives keep neighbours together */
        char *parent_path;      /* as it was requested */
        char *parent_real;      /* without links */
        void *directories;      /* all that were made, or had an entry */
} Tree;

int tree_open(int top_fd, Tree *ret);
void tree_done(Tree *t);

/* Converts a name in an archive to a path. Absolute names are taken relative to the top, and ".." removes the component
 * before it. -EXDEV: leads out by "..". -EINVAL: empty. -ENAMETOOLONG: nested too deep. */
int tree_path(const char *name, char **ret);
/* What an error of this or of those that follow says of an entry; NULL: it is of the file system. */
const char *tree_error_text(int r);

/* Opens the parent directory of the path; *ret_name points at the path's last component. The fd belongs to the tree,
 * and is valid until the next call. With make, missing directories are made. */
int tree_parent(Tree *t, const char *path, bool make, const char **ret_name);

/* Makes or finds the directory; returns an fd that the caller owns. tree_finish() sets what must wait until the
 * directory is filled: its times, and the default ACL, which its files would inherit. default_acl is the kernel's
 * attribute or NULL; the tree takes ownership of it. */
int tree_directory(Tree *t, const char *path, const struct timespec times[static 2], void *default_acl,
                   size_t default_acl_size);

/* For use after -EEXIST: 0 if only a whiteout was in the way, which is removed now. */
int tree_give_way(int parent_fd, const char *name);

/* Hides what lower layers have at the path; if this tree has it itself, only what they have below it. */
int tree_whiteout(Tree *t, const char *path);
/* Hides everything that lower layers have in the parent directory of the path. */
int tree_opaque(Tree *t, const char *path);

/* Makes path a hard link to target, which has to exist. */
int tree_link(Tree *t, const char *target, const char *path);

/* Finishes the directories and lists those that never had an entry of their own, whose times become 0. */
int tree_finish(Tree *t, char ***ret_implied);
