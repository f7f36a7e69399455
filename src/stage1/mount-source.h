/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "stage1/mount-context.h"

/* The root of the app that the mount is in, or whose name is given. */
int mount_open_app_root(const MountContext *context, const char *app);

/* Opens the file or directory in a root, whose path is without links, O_PATH. What is missing of it is made, as a
 * directory or a file, and belongs to root in the pod. */
int mount_make_target(const MountContext *context, int root_fd, const char *path, bool directory);

/* A mount of the source, attached nowhere yet. *reterr_message names the mount. */
int mount_source_clone(const PlanMount *m, MountContext *context, char **reterr_message);
