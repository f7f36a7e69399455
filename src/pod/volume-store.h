/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fs.h"

/* Volumes that outlive pods: DATA/volumes, which only root can enter.
 *
 *     NAME/data      the files, with the user and group IDs that the pods see, whatever range of IDs a pod has outside
 *     NAME/volume    the record
 *     .NAME.lock     locked while the volume is made, removed, or taken by a pod that starts
 *     .NAME.new      being filled; becomes NAME by a rename, complete and synced to disk
 *     .NAME.old      being removed
 *
 * A name is an AC name, which has no dots. The latter three are removed with the next use of the name, or by
 * volume_store_clean(), when a process that was killed left them. No symbolic link in here is followed. */

typedef struct VolumeStore {
        char *path;
        int fd;
} VolumeStore;

/* Makes the directory if it is missing. */
int volume_store_open(const char *data, VolumeStore **ret);
VolumeStore *volume_store_free(VolumeStore *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(VolumeStore *, volume_store_free);

typedef struct VolumeRecord {
        uint64_t created; /* nanoseconds since the epoch */
        bool fresh;       /* made empty by hand: the first pod that uses it fills it, if it still is empty */
        uint64_t limit;   /* of its size, in bytes; 0: none */
        uint32_t project; /* that has the limit (volume-quota.h); 0: none */
        char *origin;     /* what the content was: the path in an image, or a file; NULL: there was none */
} VolumeRecord;

void volume_record_done(VolumeRecord *r);

/* The lock of a name, which need not be that of a volume. Waits. */
typedef struct VolumeLock {
        VolumeStore *store;
        char *name;
        int fd;
} VolumeLock;

#define VOLUME_LOCK_NONE { .fd = -EBADF }

/* -EINVAL: not a valid name. */
int volume_lock(VolumeStore *s, const char *name, VolumeLock *ret, char **reterr_message);
void volume_lock_done(VolumeLock *l);

/* The first content of a volume. Fill is called with an empty directory, of root and with mode 0755, and may change
 * that; NULL: it stays as it is. The record has everything but time and project. */
typedef struct VolumeFill {
        int (*fill)(int data_fd, void *userdata, char **reterr_message);
        void *userdata;
        VolumeRecord record;
} VolumeFill;

/* Makes the volume whose name is locked. It appears complete or not at all. -EEXIST: there is one. */
int volume_make(const VolumeLock *l, const VolumeFill *fill, char **reterr_message);

/* The directory with the files of the volume whose name is locked, for a pod: if it is missing, or still fresh, it is
 * made. -ELOOP, -ENOTDIR: something else has the name. */
int volume_use(const VolumeLock *l, const VolumeFill *fill, char **reterr_message);

/* -ENOENT. */
int volume_remove(const VolumeLock *l);

/* The names of all volumes, sorted. */
int volume_store_list(VolumeStore *s, char ***ret);
/* -ENOENT: there is no such volume. -EINVAL: not a valid name. */
int volume_open_data(VolumeStore *s, const char *name);
int volume_read_record(VolumeStore *s, const char *name, VolumeRecord *ret, char **reterr_message);
/* How much space the files take on the disk; of a volume with a limit, as the file system counts it. */
int volume_measure(VolumeStore *s, const char *name, uint64_t *ret);

/* Removes what processes that were killed have left. Goes on after errors; returns the first. */
int volume_store_clean(VolumeStore *s);
