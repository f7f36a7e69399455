/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"
#include "shared/archive.h"

/* The tars of layers that are built here: pax, not compressed, the same bytes for the same entries on every host. Names
 * are bytes, whatever their encoding. */

typedef struct BuildEntry {
        const char *path;       /* relative and clean */
        mode_t mode;            /* type and permissions */
        uid_t uid;
        gid_t gid;
        uint64_t size;          /* of a regular file */
        const char *target;     /* of a symbolic link */
        dev_t device;           /* of a device */
} BuildEntry;

typedef struct BuildTar BuildTar;

/* time: of all entries, seconds since the epoch. The fd stays the caller's. */
int build_tar_new(int fd, int64_t time, BuildTar **ret, char **reterr_message);
/* One that keeps all that the entries of other tars say, such as parts of a second; compressed if it is to be. */
int build_tar_new_exact(int fd, int64_t time, bool gzip, BuildTar **ret, char **reterr_message);
/* Without build_tar_finish(), what was written is useless. */
BuildTar *build_tar_free(BuildTar *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(BuildTar *, build_tar_free);
/* contents: the file's, of the size that the entry says; negative: the entry has none. */
int build_tar_add(BuildTar *t, const BuildEntry *entry, int contents, char **reterr_message);
/* With the extended attributes that images have, of a file or directory of this host; negative: none. */
int build_tar_add_exact(BuildTar *t, const BuildEntry *entry, int contents, int attributes, char **reterr_message);
/* A file of that text, of root. */
int build_tar_add_text(BuildTar *t, const char *path, const char *text, char **reterr_message);
/* A hard link to a path that was added. */
int build_tar_link(BuildTar *t, const char *path, const char *to, char **reterr_message);
/* A whiteout: layers below have nothing at this path. */
int build_tar_hide(BuildTar *t, const char *path, char **reterr_message);
/* An opaque whiteout: layers below have nothing in the directory at this path, which is in this layer, too. Overlays of
 * containers/storage and of Docker would bring back their files if there were a whiteout of the path and a directory
 * there. */
int build_tar_hide_within(BuildTar *t, const char *path, char **reterr_message);
/* The entry of another tar under this path: its type, contents, mode, owner, time, and the extended attributes that
 * images have. contents: the reader that is at the entry; NULL: it has none. */
int build_tar_copy(BuildTar *t, const char *path, struct archive_entry *from, ArchiveReader *contents,
                   char **reterr_message);
/* The same for one that is a hard link, to a path that was added. */
int build_tar_copy_link(BuildTar *t, const char *path, struct archive_entry *from, const char *to,
                        char **reterr_message);
int build_tar_finish(BuildTar *t, char **reterr_message);

/* An entry of such a tar, with the bytes that it takes there, headers included: they mean the same in another tar. */
typedef struct BuildSegment {
        char *name;
        mode_t type;
        char *target;           /* of a symbolic link */
        char *link;             /* the path that it is a hard link to, or NULL */
        size_t tar;             /* chosen by the caller */
        uint64_t offset;
        uint64_t size;
} BuildSegment;

typedef struct BuildSegments {
        BuildSegment *items;
        size_t n, n_allocated;
} BuildSegments;

/* Appends the entries in the order of the tar. -EBADMSG: it is damaged. */
int build_tar_scan(int fd, size_t tar, BuildSegments *segments, char **reterr_message);
void build_segments_done(BuildSegments *segments);
/* Appends a segment as it is; build_tar_end() completes a tar made so. */
int build_segment_copy(const BuildSegment *segment, int from, int to);
int build_tar_end(int fd);
