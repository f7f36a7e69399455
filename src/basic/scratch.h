/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* A directory for what a process makes on its way. It is locked as long as it is used; what a process that was killed
 * has left is removed by the next one of the same user that makes one of that name in that place. */
typedef struct Scratch {
        char *path;
        int fd;                 /* locked */
} Scratch;

#define SCRATCH_NONE { .fd = -EBADF }

/* PARENT/.podctl-NAME-XXXXXX, for this user only. */
int scratch_make(const char *parent, const char *name, Scratch *ret);
/* The same in TMPDIR, or else in the parent. */
int scratch_make_temporary(const char *parent, const char *name, Scratch *ret);
/* Removes it with everything in it. */
void scratch_done(Scratch *s);
