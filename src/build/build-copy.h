/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "basic/digest.h"
#include "basic/strv.h"
#include "build/build-tar.h"
#include "build/build-tree.h"

/* Files of this host on their way into an image. Links are copied as links and never followed, not even a source that
 * is one, and those in a source's relative path do not lead out of where it begins; owners, set-user-ID bits, times and
 * extended attributes stay behind, so that a copy is the same on every host. Directories that the image has stay as
 * they are. Hard links become files of their own. An exact copy leaves behind only the times, and takes devices and
 * named pipes: it is of the tree of an image. */

typedef struct BuildCopy {
        char *const *sources;
        char *const *shown;             /* what messages call them; NULL: as they are */
        const char *destination;        /* in the image */
        bool into;                      /* it is a directory, which the sources go into */
        uid_t uid;
        gid_t gid;
        bool exact;                     /* they are those of the files; but what belongs to whoever does this, and to
                                         * his group, is root's: nobody else can make files of others */
        bool has_mode;
        mode_t mode;                    /* of files; directories can also be entered where they can be read */
        const char *command;            /* for the history; NULL: "copy" */
        struct stat without;            /* a directory that is never copied: the build itself */
        char *const *exclude;           /* fnmatch(3): of a name anywhere, or with a slash of a path below a source */
} BuildCopy;

/* An entry that was planned. */
typedef struct BuildCopyItem {
        char *path;             /* in the image */
        size_t source;          /* index; SIZE_MAX: a directory that is made on the way */
        char *below;            /* path below the source, "" for the source itself */
        mode_t mode;
        uid_t uid;
        gid_t gid;
        uint64_t size;
        char *target;
        dev_t device;
} BuildCopyItem;

typedef struct BuildCopyPlan {
        BuildCopyItem *items;   /* sorted by path, each once */
        size_t n, n_allocated;
} BuildCopyPlan;

static inline const char *build_copy_shown(const BuildCopy *copy, size_t source)
{
        return copy->shown ? copy->shown[source] : copy->sources[source];
}

/* Opens the directory that a source is in (O_PATH); *ret_name, a part of the source or ".", is what it is called there.
 * -EXDEV: a link in its path leads out. */
int build_copy_open_parent(const BuildCopy *copy, size_t source, const char **ret_name);

/* Whether a path below a source is left out by itself. */
bool build_copy_excludes(char *const *exclude, const char *below);

void build_copy_plan_done(BuildCopyPlan *plan);

/* Decides what goes where, without reading contents. Links of the image are followed as its processes would. The tree
 * is that of the image, and gets the new entries. Messages name the file. -EEXIST: a directory would replace something
 * else, or the other way round. -EINVAL: a file is of a kind that images do not have. */
int build_copy_plan(const BuildCopy *copy, BuildTree *tree, BuildCopyPlan *ret, char **reterr_message);
/* All that a copy reads, whatever image it goes to. */
int build_copy_hash(const BuildCopy *copy, Hasher *h, char **reterr_message);
/* Writes what was planned. */
int build_copy_write(const BuildCopy *copy, const BuildCopyPlan *plan, BuildTar *tar, char **reterr_message);
