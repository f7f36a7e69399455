/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Runs a function in a separate process with hardly any permissions, for libraries that read untrusted data and start
 * programs for it (for code that starts none, see shared/sandbox.h). As root, the process becomes the user podctl-fetch
 * (or nobody, if that does not exist), without capabilities, in an empty network namespace and with a read-only file
 * system, except for its own empty /tmp that goes away with it. Without root, only the file descriptors are taken away.
 * In both cases nothing it starts can gain privileges. */

#define UNPRIVILEGED_USER "podctl-fetch"

/* Which user and group that is: reads the system's user database. */
void unprivileged_user(uid_t *ret_uid, gid_t *ret_gid);

/* The process has only these descriptors; standard input and output are /dev/null. Returns the function's return value;
 * -ECHILD: it ended abnormally. The function reports everything else through one of the descriptors. */
int run_unprivileged(int (*function)(void *userdata), void *userdata, const int *fds, size_t n_fds);
