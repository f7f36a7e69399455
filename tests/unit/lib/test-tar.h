/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <sys/mman.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "lib/test-temporary.h"

/* Archives for tests, made in memory from a list of members. */

typedef struct Member {
        const char *name;
        mode_t type;            /* AE_IF…; 0: a hard link */
        mode_t mode;
        const char *text;       /* contents, or where a link leads */
        unsigned major, minor;
        const char *xattr, *value;
        unsigned uid, gid;
        int64_t mtime;
        long mtime_nsec;
} Member;

#define FILE_MEMBER(n, t) { n, AE_IFREG, 0644, t }
#define DIR_MEMBER(n) { n, AE_IFDIR, 0755 }
#define LINK_MEMBER(n, t) { n, AE_IFLNK, 0777, t }
#define HARD_MEMBER(n, t) { n, 0, 0644, t }

void tar_add(struct archive *a, const Member *m);
struct archive *tar_begin(int fd, int filter);
void tar_end(struct archive *a);

/* Members end with one that has no name. The fd stands at the beginning. */
int tar_of(const Member *members, int filter);
