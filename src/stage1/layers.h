/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The layers of an image, for overlayfs. */

/* Attaches layers, top first, in the scratch directory; *ret_lowerdir names them for overlayfs, relative to that
 * directory. */
int layers_attach(char *const *lowers, const char *what, int userns_fd, int scratch, char **ret_lowerdir,
                  char **reterr_message);
