/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/file.h>

#include "basic/fd.h"
#include "basic/patience.h"

/* flock(2) locks: they belong to the open file, survive fork and exec, and end when the last process that holds them
 * ends, in whatever way. */

/* operation: LOCK_SH or LOCK_EX, with LOCK_NB for -EAGAIN instead of waiting. */
int fd_lock(int fd, int operation);

/* Opens the file, creating it if necessary, and locks it. If the file was unlinked in the meantime, starts over, so
 * that all processes that hold the lock hold it on the same file. */
int lock_file_at(int dir_fd, const char *path, int operation);

/* The same, but waits only as long as the patience lasts. -EAGAIN: another process still holds the lock then. */
int lock_file_within(int dir_fd, const char *path, int operation, Patience *patience);

/* Opens the file, creating it if necessary, and waits until it holds that byte of it, by an open file description lock
 * (fcntl_locking(2)). So one file serves as any number of locks, of which nothing has to be removed. */
int lock_byte_at(int dir_fd, const char *path, uint64_t byte);

/* Removes a file whose lock, of either kind, we hold through fd, unless path is another file by now. */
int unlink_locked(int fd, int dir_fd, const char *path);
