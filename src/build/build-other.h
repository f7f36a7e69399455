/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "build/build-copy.h"

/* Another image, of which files go into the one that is built: it is like a build that has begun with that image, below
 * the directory of this one. The next command of this build removes what a killed one leaves of it. */

typedef struct BuildOther {
        BuildContext image;     /* build_base_*() fill it */
        char *path;
        char **files;           /* what was asked for, as files of this host */
} BuildOther;

#define BUILD_OTHER_NONE { .image = BUILD_CONTEXT_NONE }

/* build: the path of the build that is open. */
int build_other_begin(const char *build, BuildOther *ret, char **reterr_message);
void build_other_done(BuildOther *o);

/* Unpacks these files, and what is below them. Links of the image are followed as its own processes would, but for one
 * that is asked for itself. Their owners can read them, whatever their modes. exclude: as of the copy that follows.
 * -ENOENT: the image has no such file. -EINVAL: one that is not left out is of a kind that is not copied. */
int build_other_unpack(BuildOther *o, char *const *paths, char *const *exclude, char **reterr_message);
/* What the image consists of. */
int build_other_hash(const BuildOther *o, Hasher *h);
