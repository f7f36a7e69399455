/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/file.h>

#include "basic/fd.h"
#include "basic/patience.h"

/* flock(2) locks: they belong to the open file, pass through fork and exec, and end when the last holder does,
 * however it ends. */

/* operation: LOCK_SH or LOCK_EX, with LOCK_NB for -EAGAIN instead of waiting. */
int fd_lock(int fd, int operation);

/* Opens the file, creating it, and locks it. Should somebody have unlinked it meanwhile, starts over, so that all
 * who hold the lock hold it on the same file. */
int lock_file_at(int dir_fd, const char *path, int operation);

/* The same, for callers that can do without. -EAGAIN: somebody still has it when there is no patience left. */
int lock_file_within(int dir_fd, const char *path, int operation, Patience *patience);

/* Removes a file whose lock, of either kind, we hold through fd: unless path is another file by now. */
int unlink_locked(int fd, int dir_fd, const char *path);
