/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "build/build-copy.h"

/* Changes of files, which collect in the open layer until it is closed. Each is complete when the record is saved,
 * which is left to the caller. */

/* Leaves out the build itself, if it is among the files. */
int build_layer_copy(BuildContext *c, BuildCopy *copy, char **reterr_message);
/* All that such a copy reads. */
int build_layer_copy_hash(const BuildContext *c, BuildCopy *copy, Hasher *h, char **reterr_message);
/* Hides what the image has at these paths. -ENOENT: it has nothing there. */
int build_layer_remove(BuildContext *c, char *const *paths, char **reterr_message);

/* Makes the tar, which is a new file of layers/, a layer on top of the others. created_by: for the history. */
int build_layer_add(BuildContext *c, int fd, const char *path, const char *created_by);

/* Makes one layer of the changes: of each path what came last. Returns 0 if there are none. */
int build_layer_close(BuildContext *c, char **reterr_message);
