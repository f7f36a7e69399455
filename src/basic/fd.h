/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/macro.h"

/* Closes fd unless it is negative, keeps errno, and returns -EBADF to assign back. */
int safe_close(int fd);

static inline void closep(int *fd)
{
        safe_close(*fd);
}

static inline void fclosep(FILE **f)
{
        if (*f)
                (void) fclose(*f);
}

static inline void closedirp(DIR **d)
{
        if (*d)
                (void) closedir(*d);
}

#define _cleanup_close_ _cleanup_(closep)
#define _cleanup_fclose_ _cleanup_(fclosep)
#define _cleanup_closedir_ _cleanup_(closedirp)

/* Raises the soft limit of this process by n descriptors over the usual, as far as the hard limit allows. */
int fd_make_room(size_t n);

/* Reads until n bytes or the end; returns the count of bytes read, or a negative errno. */
ssize_t loop_read(int fd, void *buffer, size_t n);
/* Writes all n bytes. */
int loop_write(int fd, const void *buffer, size_t n);
/* Copies everything from one descriptor to the other, in the kernel where possible, and keeps holes as holes. */
int copy_bytes(int from, int to);

int fd_set_cloexec(int fd, bool on);

/* "/proc/self/fd/N": the path of an open file, for calls that need a path. */
#define PROC_FD_PATH_MAX 32
const char *proc_fd_path(int fd, char buffer[static PROC_FD_PATH_MAX]);
