/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Files and directories that a user wants output in: they appear whole or not at all. Files have no name while they are
 * written, where the file system knows such files, so that a kill leaves none; directories have another one. What is
 * not a regular file, such as a pipe or /dev/stdout, is written to directly. All of these log their errors. */

typedef struct Output {
        char *path;
        char *temporary;        /* the other name; NULL: there is none yet, or it is written in place */
        int dir_fd;             /* of a file that has no name: where it gets one; else negative */
        int fd;                 /* the file, or the directory */
        bool replace;
} Output;

#define OUTPUT_NONE { .fd = -EBADF, .dir_fd = -EBADF }

/* "-" is the standard output. replace: an existing file is replaced; otherwise it is an error. */
int output_open_file(const char *path, bool replace, Output *ret);
/* Never "/". */
int output_open_directory(const char *path, bool replace, Output *ret);

/* Moves it into place. */
int output_commit(Output *o);
/* Removes what was not moved into place. */
void output_done(Output *o);
