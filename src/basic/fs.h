/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fd.h"

/* Files and directories, relative to a directory fd (AT_FDCWD for the working directory). */

/* Returns the whole file as a NUL-terminated string. -EFBIG: it is longer than max bytes; then nothing of it is
 * read. */
int read_file_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size);
/* The same for a file in a directory that somebody else may write to: reads only a regular file, not a link to one, and
 * never blocks. -ELOOP, -EINVAL: it is something else. */
int read_foreign_file_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size);
/* One that a user names, so that links are followed, and what the user has open is read, whatever it is. -EISDIR, or
 * -EINVAL: it is not a regular file. */
int read_named_file(const char *path, size_t max, char **ret, size_t *ret_size);
/* The same for a file inside an untrusted root, where all links are resolved within the root. -EINVAL: it is not a
 * regular file. */
int read_file_in_root(int root_fd, const char *path, size_t max, char **ret, size_t *ret_size);
/* An unpredictable name beside path, at which nobody can have placed anything. */
int temporary_name(const char *path, char **ret);
/* Creates a file with such a name and opens it for writing; it did not exist before. */
int open_temporary_at(int dir_fd, const char *path, mode_t mode, char **ret_name);
/* Whether a file has a name that temporary_name() makes, so that a write was cut off. */
bool is_temporary_name(const char *name);
/* Replaces the file completely or not at all: temporary file, fsync, rename. */
int write_file_at(int dir_fd, const char *path, const void *data, size_t n, mode_t mode);
/* The same for a string, without fsync and rename: for trees that nobody sees before they are complete. */
int write_string_at(int dir_fd, const char *path, const char *s, mode_t mode);

int mkdir_p_at(int dir_fd, const char *path, mode_t mode);
/* Creates the directory and its parents where missing, and opens it. */
int mkdir_open_at(int dir_fd, const char *path, mode_t mode);
int open_directory_at(int dir_fd, const char *path);

/* Removes path and everything below it, never following a symbolic link or crossing into a mount; succeeds when path
 * does not exist. Needs no disk space, and only a few descriptors however deep the tree is. */
int rm_rf_at(int dir_fd, const char *path);

/* openat2(2), which glibc does not have, with its RESOLVE_ flags. */
int open_resolving(int dir_fd, const char *path, int flags, uint64_t resolve);
/* Opens a path as it looks from inside root: symbolic links and ".." never lead out of it (openat2(2),
 * RESOLVE_IN_ROOT). */
int open_in_root(int root_fd, const char *path, int flags);
/* The same, creating missing directories, which belong to owner. Returns the directory opened O_PATH. */
int mkdir_in_root(int root_fd, const char *path, mode_t mode, uid_t owner);

/* The same for an empty file, which must not exist yet; returns it opened O_PATH. */
int make_file_in_root(int root_fd, const char *path, mode_t mode, mode_t directory_mode, uid_t owner);

/* The path without links and "..", as it looks from inside root; parts that do not exist stay as they are written, also
 * behind a dangling link. -ELOOP: too many links. */
int follow_in_root(int root_fd, const char *path, char **ret);

/* rename(2), after which both directories are synced, so that it survives a power cut. */
int rename_sync(int old_dir_fd, const char *old, int new_dir_fd, const char *new_name);
/* Fails with -EEXIST instead of replacing. */
int rename_noreplace(int old_dir_fd, const char *old, int new_dir_fd, const char *new_name);

/* The names in the directory, sorted, without "." and ".." and hidden ones. A missing directory counts as empty. */
int list_directory_at(int dir_fd, const char *path, char ***ret);
/* The same, with hidden names. */
int list_directory_all_at(int dir_fd, const char *path, char ***ret);
