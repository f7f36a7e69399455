/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-record.h"
#include "build/build-tree.h"

/* An image that is being built, in a directory of its own:
 *
 *     lock             held by the command that runs, one at a time
 *     build.json       the record (build/build-record.h); without it nothing has begun
 *     base/            what came with the base; "tree", the files it has; "artifacts/", what is beside
 *                      its image
 *     layers/          NUMBER.tar: the changes of one command, or of a layer that was closed; NUMBER.tar.gz and the
 *                      like: a layer as it was written
 *     staged           the image of the store that a command ran in last (build/build-stage.h)
 *     running          the UUID of the pod of a command that runs; left by a podctl that was killed
 *
 * A command makes new files first, and is done when it replaces the record. One that is killed leaves files that no
 * record names, which the next one removes. Nothing is unpacked, so that nobody has to be root. */

#define BUILD_RUNNING "running"

typedef struct BuildContext {
        int dir_fd;
        int lock_fd;
        BuildRecord *record;
        /* In the process that begins with an image in files: its documents, as they came; the manifest may be NULL. */
        char *base_manifest, *base_config;
} BuildContext;

#define BUILD_CONTEXT_NONE { .dir_fd = -EBADF, .lock_fd = -EBADF }

static inline bool build_context_is_open(const BuildContext *c)
{
        return c->dir_fd >= 0;
}

/* Both lock it. -EBUSY: another command is at it, which the message names. -EEXIST: there is a build already. The
 * caller fills the record, and build_context_save() begins the build. */
int build_context_begin(const char *path, int64_t time, BuildContext *ret, char **reterr_message);
/* -ENOENT: no build has begun there. -EBADMSG: it is damaged. */
int build_context_open(const char *path, BuildContext *ret, char **reterr_message);
/* Only for build_context_end(): it has no record, which may be damaged, or which a killed begin did not write. */
int build_context_open_to_end(const char *path, BuildContext *ret, char **reterr_message);
void build_context_done(BuildContext *c);

/* Makes what the record says the state of the build. */
int build_context_save(BuildContext *c, char **reterr_message);
/* Removes everything, or nothing if its directory is to stay. */
int build_context_end(BuildContext *c, const char *path, char **reterr_message);

/* A new file of layers/, which the sweep of the next command removes unless the record names it; the path goes there.
 * Returns its fd. */
int build_context_create(BuildContext *c, const char *suffix, char **ret_path, char **reterr_message);
/* A file that the record names, to be read: the record may have been written by anybody. Of the base it may be
 * anywhere, since its digest tells whether it is the one; others are within the build. Returns its fd. */
int build_context_open_file(const BuildContext *c, const char *path, char **reterr_message);
/* -EBADMSG: it is not what it was when it became part of the build. path: as the record has it. */
int build_context_refuse_changed(const char *path, char **reterr_message);
/* Syncs it, so that the record does not come before it. */
int build_context_sync(BuildContext *c, int fd);

/* The files of the image so far: of the base, the closed layers, and the open one up to now. */
int build_context_tree(BuildContext *c, BuildTree **ret, char **reterr_message);
/* Those of the base and the closed layers only. */
int build_context_lower_tree(BuildContext *c, BuildTree **ret, char **reterr_message);
