/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"

/* What a process wrote over an image, as overlayfs keeps it (Documentation/filesystems/overlayfs.rst, "whiteouts and
 * opaque directories"), becomes a layer. User IDs are as in the image. */

typedef struct BuildUpper {
        int upper_fd;           /* what was written */
        int root_fd;            /* all of it, as the process saw it */
        char *const *lowers;    /* the trees of the image, absolute, top first */
        /* Where something was mounted, below the top and without links: a directory there, and those on the way to it,
         * stay out of the layer unless the image has them or something is in them. */
        char *const *places;
        /* Whether a path is there only for the process to run; asked about those that the image lacks, or has a link
         * at. */
        bool (*is_trace)(int root_fd, const char *path);
} BuildUpper;

/* Writes the tar of the layer, with the build's time for all files. Returns 0 if nothing has changed. -EINVAL: a file
 * has a name that layers cannot have. */
int build_upper_write(const BuildContext *c, const BuildUpper *upper, int fd, char **reterr_message);
/* Makes that, which is a new file of layers/, a layer on top of the others. created_by: for the history. */
int build_upper_add(BuildContext *c, int fd, const char *path, const char *created_by);
