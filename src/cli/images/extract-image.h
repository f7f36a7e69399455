/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "shared/options.h"

/* The common part of `image extract` and `image render`: copies the files of an image into a directory. */

typedef struct ExtractArgs {
        bool rootfs_only;
        bool overwrite;
} ExtractArgs;

extern const Option extract_options[];

/* rendered: the files as an app sees them, with dependencies and whitelists; otherwise those of the image itself.
 * Logs. */
int extract_image(Context *c, const ExtractArgs *args, const char *text, const char *directory, bool rendered);
