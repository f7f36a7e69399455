/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "basic/strv.h"

/* The tree an archive is being unpacked into: finds and makes parents without ever leaving the top, and knows
 * overlayfs' whiteouts. Paths are relative and clean as tree_path() makes them, "" is the top itself.
 *
 * A parent may be a symbolic link that the archive brought before. It is followed as by a process that has the tree as
 * its root directory, to the path where the parent truly is, and that is then opened without following anything.
 * Nothing that is there is ever replaced, only whiteouts give way; so no name leads elsewhere later. What a path ends
 * with is never followed.
 *
 * What archives may do wrong has an error of its own: -ELOOP, a parent is a symbolic link that leads in a circle or to
 * nothing in the tree (what layers below have there is not known); -ENOTDIR, a parent is no directory; -EEXIST, there
 * is something of that name already; -ENOENT, something that must be there is not. */

#define TREE_DEPTH_MAX 256
#define TREE_LINKS_MAX 40 /* in one path; the kernel's own bound */

typedef struct Tree {
        int fd;
        int parent_fd;          /* the parent last asked for: archives keep neighbours together */
        char *parent_path;      /* as it was asked for */
        char *parent_real;      /* without links in it */
        void *directories;      /* all that we made or that had an entry */
} Tree;

int tree_open(int top_fd, Tree *ret);
void tree_done(Tree *t);

/* A name out of an archive as a path of ours. Absolute ones mean below the top, as everywhere, and ".." takes off what
 * stands before it. -EXDEV: leads out by "..". -EINVAL: empty. -ENAMETOOLONG: nested too deep. */
int tree_path(const char *name, char **ret);

/* Opens the directory the path lies in and points at the path's last component. The fd is the tree's, valid until the
 * next call. With make, directories that are missing are made. */
int tree_parent(Tree *t, const char *path, bool make, const char **ret_name);

/* Makes the directory or finds it there; returns an fd of the caller's. What must wait until nothing is put into it any
 * more is done by tree_finish(): its times, and the default ACL that its files would inherit, the kernel's attribute
 * or NULL, which it takes. */
int tree_directory(Tree *t, const char *path, const struct timespec times[static 2], void *default_acl,
                   size_t default_acl_size);

/* For after something could not be made with -EEXIST: 0 when all that stood in the way was a whiteout, now gone. */
int tree_give_way(int parent_fd, const char *name);

/* Hides what a lower layer has of that name, unless this tree has it itself; then only what is below it. */
int tree_whiteout(Tree *t, const char *path);
/* Hides all a lower layer has in the directory that path lies in. */
int tree_opaque(Tree *t, const char *path);

/* The existing file a hard link is to be made to. */
int tree_link(Tree *t, const char *target, const char *path);

/* Finishes the directories and lists those that never had an entry of their own, whose times become 0. */
int tree_finish(Tree *t, char ***ret_implied);
