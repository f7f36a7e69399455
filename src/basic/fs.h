/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fd.h"

/* Files and directories, relative to a directory fd (AT_FDCWD for the working directory). */

/* The whole file as a NUL-terminated string. -EFBIG: longer than max bytes; nothing of it is read then. */
int read_file_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size);
/* The same of a file in a directory that somebody else may write to: only a regular file, no link to one, and without
 * ever waiting. -ELOOP, -EINVAL: it is something else. */
int read_foreign_file_at(int dir_fd, const char *path, size_t max, char **ret, size_t *ret_size);
/* The same of a file inside a root that is somebody else's, all of whose links are followed within. -EINVAL: it is not
 * a regular file. */
int read_file_in_root(int root_fd, const char *path, size_t max, char **ret, size_t *ret_size);
/* A name beside path that nobody can have put anything at. */
int temporary_name(const char *path, char **ret);
/* Makes and opens a file of such a name, to be written to; it was not there before. */
int open_temporary_at(int dir_fd, const char *path, mode_t mode, char **ret_name);
/* Replaces the file as a whole or not at all: temporary file, fsync, rename. */
int write_file_at(int dir_fd, const char *path, const void *data, size_t n, mode_t mode);
/* The same for a string, without fsync and rename: for trees nobody sees before they are complete. */
int write_string_at(int dir_fd, const char *path, const char *s, mode_t mode);

int mkdir_p_at(int dir_fd, const char *path, mode_t mode);
/* Makes the directory and its parents where missing, and opens it. */
int mkdir_open_at(int dir_fd, const char *path, mode_t mode);
int open_directory_at(int dir_fd, const char *path);

/* Removes path and all below it, never following a symbolic link or crossing into a mount; a path that is not
 * there is a success. Needs no space, and a few descriptors however deep the tree is. */
int rm_rf_at(int dir_fd, const char *path);

/* openat2(2), which glibc does not have, with its RESOLVE_ flags. */
int open_resolving(int dir_fd, const char *path, int flags, uint64_t resolve);
/* Opens a path as it looks from inside root: symbolic links and ".." never lead out of it (openat2(2),
 * RESOLVE_IN_ROOT). */
int open_in_root(int root_fd, const char *path, int flags);
/* The same, creating missing directories, which belong to owner. Returns the directory opened O_PATH. */
int mkdir_in_root(int root_fd, const char *path, mode_t mode, uid_t owner);

/* The same for an empty file, which must not be there yet; returns it opened O_PATH. */
int make_file_in_root(int root_fd, const char *path, mode_t mode, mode_t directory_mode, uid_t owner);

/* The path without links and "..", as it looks from inside root; what does not exist stays as it is written, also
 * behind a link that leads nowhere yet. -ELOOP: too many links. */
int follow_in_root(int root_fd, const char *path, char **ret);

/* rename(2) with both directories synced, so that it survives a power cut. */
int rename_sync(int old_dir_fd, const char *old, int new_dir_fd, const char *new_name);
/* Fails with -EEXIST instead of replacing. */
int rename_noreplace(int old_dir_fd, const char *old, int new_dir_fd, const char *new_name);

/* Names in the directory, "." and ".." and hidden ones left out, sorted. A directory that is not there is empty. */
int list_directory_at(int dir_fd, const char *path, char ***ret);
/* The same with hidden ones. */
int list_directory_all_at(int dir_fd, const char *path, char ***ret);
