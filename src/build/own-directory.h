/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Directories whose files are believed without another look: builds, and what is kept for them. */

/* -EPERM: it is somebody else's, or others may write to it; remedy: what to do then. The user of sudo is trusted: he
 * could write to whatever else root builds from. */
int own_directory_check(int dir_fd, const char *remedy, char **reterr_message);
