/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "shared/options.h"

/* What `image extract` and `image render` have in common: the files of an image, copied into a directory. */

typedef struct ExtractArgs {
        bool rootfs_only;
        bool overwrite;
} ExtractArgs;

extern const Option extract_options[];

/* rendered: as an app sees them, with dependencies and whitelists; otherwise what the image itself holds. Logs. */
int extract_image(Context *c, const ExtractArgs *args, const char *text, const char *directory, bool rendered);
