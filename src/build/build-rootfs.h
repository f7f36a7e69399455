/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "build/build-tar.h"

/* All layers of the image as one tree, added to a tar without being unpacked: what a later layer replaces or hides is
 * not in it, and hard links stay such. prefix: of all names, "rootfs/", or "". -EBADMSG: a layer is damaged, or has
 * changed since the build began. */
int build_rootfs_write(BuildContext *c, const char *prefix, BuildTar *tar, char **reterr_message);
