/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* A function in a process of its own that may do next to nothing, for libraries that read what strangers sent and start
 * programs for it (where none is started, see shared/sandbox.h). As root, the process becomes the user podctl-fetch
 * (nobody, where there is none), without capabilities, in a network with nothing in it and a file system it can only
 * read, but for an empty /tmp of its own that goes with it. Without root only the file descriptors are taken away. In
 * both cases nothing it starts can gain privileges. */

#define UNPRIVILEGED_USER "podctl-fetch"

/* Which user and group that is: reads the system's list of users. */
void unprivileged_user(uid_t *ret_uid, gid_t *ret_gid);

/* The process has these descriptors and no other; standard input and output lead nowhere. Returns what the function
 * does; -ECHILD: it came to a bad end. What else there is to say it says through one of the descriptors. */
int run_unprivileged(int (*function)(void *userdata), void *userdata, const int *fds, size_t n_fds);
