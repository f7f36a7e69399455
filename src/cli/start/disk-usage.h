/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/layer-use.h"
#include "pod/pod-keep.h"
#include "pod/volume-store.h"

/* What images, pods and volumes take on the disk, and what the collections would free if they ran now. */

/* A size that cannot be known. A sum with one of them is not known either. */
#define DISK_UNKNOWN UINT64_MAX

typedef enum DiskType {
        DISK_IMAGES,
        DISK_PODS,
        DISK_VOLUMES,
        DISK_BUILD_CACHE, /* filled in by the caller */
        _DISK_TYPE_MAX,
} DiskType;

typedef struct DiskSum {
        uint64_t total, active; /* how many there are, and are used or run */
        uint64_t size;
        uint64_t reclaimable;
} DiskSum;

typedef struct ImageDisk {
        Image *image;
        ImageShare share;
        bool needed; /* by pods, or to go back from an update */
        char **pods; /* that were made from it */
} ImageDisk;

typedef struct PodDisk {
        Uuid uuid;
        char *name;
        PodState state;
        uint64_t size;
        bool due; /* podctl gc would remove it */
} PodDisk;

typedef struct VolumeDisk {
        char *name;
        uint64_t size;
        char **pods; /* that use it */
} VolumeDisk;

typedef struct DiskUsage {
        DiskSum sums[_DISK_TYPE_MAX];
        ImageDisk *images;   /* oldest import first */
        PodDisk *pods;       /* sorted by UUID */
        VolumeDisk *volumes; /* sorted by name */
        size_t n_images, n_pods, n_volumes, room;
} DiskUsage;

void disk_usage_done(DiskUsage *u);

/* First the images, while their store is locked, shared. */
int disk_usage_read_images(DiskUsage *u, ImageStore *images, PodStore *pods, char **reterr_message);
/* Then the rest, which may take long, without that lock. */
int disk_usage_read_pods(DiskUsage *u, PodStore *pods, const PodKeep *keep);
int disk_usage_read_volumes(DiskUsage *u, VolumeStore *volumes, PodStore *pods);
