/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What of /proc and /sys is not an app's business, carried out by the launcher in the app's own mount namespace,
 * while it still may mount. systemd has settings for the same, but looks through all mounts again for each path,
 * which takes longer than all the rest of an app's start. Both take paths with ':' between them, and pass over what
 * the kernel does not have. The path that was in the way, and errno says why; NULL when all is done. */

/* Nothing can be written there, nor in what is mounted below, but for what is to be kept as it is: paths of mounts,
 * NULL or ended by NULL, a list that is used up. */
const char *app_paths_protect(char *paths, char **keep);
/* In their place there is nothing, and that for root alone. The mount from which this is taken is made in the
 * directory for a moment. */
const char *app_paths_hide(char *paths, const char *directory);
