/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* Mounts that the launcher makes in an app's root. */

/* An empty one of this type of file system, attached nowhere yet; negative: it cannot be made. */
int app_mount_make(const char *type);
/* Attaches it, and closes it. False, too, if there is none. */
bool app_mount_put(int mount, const char *path);
