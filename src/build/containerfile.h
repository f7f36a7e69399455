/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/scratch.h"

/* Images by a Containerfile, which buildah(1) makes: with a storage of its own that is removed, in mount and
 * PID namespaces of its own, so that nothing stays behind, and of files in the context only. */

/* Where one of them is made: below this directory, which is made if it is not there. */
int containerfile_place_make(const char *directory, Scratch *ret, char **reterr_message);

/* Copies the rest of a file there, such as a pipe, whose path means nothing to another program. *ret is its path. */
int containerfile_place_put(const Scratch *place, int fd, char **ret);

typedef struct Containerfile {
        const char *file;       /* absolute, as the context */
        const char *context;
        char *const *arguments; /* "NAME=VALUE" */
        char *const *labels;    /* the same */
        const char *network;    /* these three as buildah has them; NULL: not said */
        const char *platform;
        const char *target;
        char *const *secrets;   /* "NAME=FILE", absolute; buildah finds the files wherever they are */
        int64_t time;           /* of all files, and of the image */
} Containerfile;

/* *ret is the digest of the image's manifest, in a layout: containerfile_layout(). What buildah says goes to standard
 * error. -ENOPKG: there is no buildah. -EREMOTEIO: it failed. */
int containerfile_build(const Containerfile *c, const Scratch *place, Digest *ret, char **reterr_message);
char *containerfile_layout(const Scratch *place);
