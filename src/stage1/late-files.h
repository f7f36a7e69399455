/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Copies the regular files of a directory into another one, which is made if missing, with their modes, and replaces
 * what is there. Directories and sockets are left out. */
int late_files_copy(int from_fd, const char *from, int to_fd, const char *to);

/* Removes the files of an app's units, "NAME.service" with its drop-ins and those that are named after it, from the
 * directory. Their names may begin with a prefix there. */
int late_files_remove_units(int dir_fd, const char *prefix, const char *app);
