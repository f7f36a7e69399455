/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"

/* Files that no image is made of yet, as what a build begins with: those in a directory, or in a tar. They become the
 * first layer, with owners, modes, extended attributes and hard links as they are there (build/build-copy.h). */

/* Whether they are that: 0 for an image, in whatever form. -EMEDIUMTYPE: it is neither. */
int build_base_is_tree(const char *path, char **reterr_message);
/* exclude: as in BuildCopy, for a directory; -EINVAL for a tar. platform: as in build_config_new(). Messages name the
 * file. */
int build_base_tree(BuildContext *c, const char *path, char *const *exclude, const char *platform,
                    char **reterr_message);
