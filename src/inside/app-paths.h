/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Protects and hides parts of /proc and /sys. The launcher does this in the app's own mount namespace, while it still
 * may mount. systemd has settings for the same, but looks through all mounts again for each path, which takes longer
 * than the rest of an app's start. Both functions take paths separated by ':', and skip those that the kernel does not
 * have. They return the path that failed, with errno set; NULL on success. */

/* Makes the paths and the mounts below them read-only, except for mounts in keep, which stay as they are: NULL, or a
 * list of paths that ends with NULL and is modified. */
const char *app_paths_protect(char *paths, char **keep);
/* Covers the paths with empty files and directories that only root can access. These come from a mount that is in the
 * directory until the function returns. */
const char *app_paths_hide(char *paths, const char *directory);
