/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Files and directories that a user wants something in: put together beside their place under another name, and there
 * as a whole or not at all. What is no regular file, such as a pipe or /dev/stdout, is written to as it is. All of
 * these log. */

typedef struct Output {
        char *path;
        char *temporary;        /* NULL: written in place */
        int fd;                 /* the file, or the directory */
        bool replace;
} Output;

#define OUTPUT_NONE { .fd = -EBADF }

/* "-" is the standard output. replace: something that is there already goes; otherwise that is an error. */
int output_open_file(const char *path, bool replace, Output *ret);
/* Never "/". */
int output_open_directory(const char *path, bool replace, Output *ret);

/* Lets it appear. */
int output_commit(Output *o);
/* Removes what did not. */
void output_done(Output *o);
