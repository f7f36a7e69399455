/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/stat.h>

#include "basic/macro.h"

/* Remembers the files with several names that were seen, so that they remain one file at the destination. */
typedef struct HardLinks {
        void *files;
} HardLinks;

/* *ret_first: the path under which the file was seen first, NULL when this is the first time, or its only name. */
int hard_links_see(HardLinks *l, const struct stat *st, const char *path, const char **ret_first);
void hard_links_done(HardLinks *l);
