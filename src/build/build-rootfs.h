/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "build/build-tar.h"

/* All layers of the image as one tree, added to a tar without being unpacked: what a later layer replaces or hides is
 * not in it, and hard links stay such. prefix: of all names, "rootfs/", or "". -EBADMSG: a layer is damaged, or has
 * changed since the build began. */
int build_rootfs_write(BuildContext *c, const char *prefix, BuildTar *tar, char **reterr_message);
/* The same of one layer alone; what it only hides is nothing. */
int build_rootfs_write_layer(BuildContext *c, size_t layer, const char *prefix, BuildTar *tar, char **reterr_message);
/* The same of all layers, but only what is at or below these paths, under their names. "": everything below the top. */
int build_rootfs_write_parts(BuildContext *c, char *const *paths, BuildTar *tar, char **reterr_message);
/* The absolute paths of all files of the image up to that layer, as an array of texts; NULL if the layer hides nothing
 * of those below. */
int build_rootfs_whitelist(BuildContext *c, size_t layer, json_object **ret, char **reterr_message);
