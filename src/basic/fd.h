/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/macro.h"

/* Closes fd when it is one, keeps errno, returns -EBADF to assign back. */
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

/* Raises the soft limit of this process, as far as the hard one goes, for n more descriptors than usual. */
int fd_make_room(size_t n);

/* Reads until n bytes or the end; the count read, or a negative errno. */
ssize_t loop_read(int fd, void *buffer, size_t n);
/* Writes all n bytes. */
int loop_write(int fd, const void *buffer, size_t n);
/* Copies everything from one to the other, in the kernel where that is possible, holes kept out of it. */
int copy_bytes(int from, int to);

int fd_set_cloexec(int fd, bool on);

/* "/proc/self/fd/N": the path of an open file for calls that want one. */
#define PROC_FD_PATH_MAX 32
const char *proc_fd_path(int fd, char buffer[static PROC_FD_PATH_MAX]);
