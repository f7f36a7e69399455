/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "build/build-copy.h"
#include "image/transport/fetcher.h"

/* A file of a web server becomes one of the image. */

typedef struct BuildAdd {
        const char *url;
        Digest checksum;
        BuildCopy copy;         /* with the destination, owner and mode; by default 0644 */
} BuildAdd;

/* What was fetched lies in the build until the next command, and is copied from there. -EBADMSG: it does not have that
 * checksum. Other errors are those of fetcher_fetch() and build_layer_copy(). */
int build_add(BuildContext *c, Fetcher *f, BuildAdd *add, char **reterr_message);
