/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "shared/json-table.h"

/* Volumes of pods and their mounts in apps (spec/pods.md), with members that appc does not know. */

typedef enum VolumeKind {
        VOLUME_HOST,
        VOLUME_EMPTY,
        VOLUME_TMPFS,
        VOLUME_NAMED, /* ours: kept on the host, see pod/volume-store.h */
        _VOLUME_KIND_MAX,
        _VOLUME_KIND_INVALID = -EINVAL,
} VolumeKind;

const char *volume_kind_to_string(VolumeKind k);
VolumeKind volume_kind_from_string(const char *s);

/* Whether later mounts below the source on the host become visible in the pod; with "shared", also the reverse, which
 * not every engine can do. */
typedef enum VolumePropagation {
        PROPAGATION_PRIVATE,
        PROPAGATION_SLAVE,
        PROPAGATION_SHARED,
        _PROPAGATION_MAX,
        _PROPAGATION_INVALID = -EINVAL,
} VolumePropagation;

const char *volume_propagation_to_string(VolumePropagation p);
VolumePropagation volume_propagation_from_string(const char *s);

typedef struct Volume {
        char *name;
        VolumeKind kind;
        char *source;       /* VOLUME_HOST: absolute */
        Tristate read_only; /* if set, it overrides the mount point's */
        Tristate recursive;
        /* Not for VOLUME_HOST; defaults are 0755 (tmpfs: 1777), 0, 0. */
        uint32_t mode;
        uint32_t uid;
        uint32_t gid;
        /* Our extensions: */
        uint64_t size;                 /* VOLUME_TMPFS and _EMPTY: bytes; 0: the kernel's default, or no limit */
        bool from_image;               /* VOLUME_EMPTY: initially a copy of what the first app's image has there */
        char *stored;                  /* VOLUME_NAMED: "volume", its name on the host; by default the volume's */
        bool create;                   /* VOLUME_HOST: a missing source is made, as a directory */
        bool create_file;              /* VOLUME_HOST: a missing source is made, as an empty file */
        char *source_type;             /* VOLUME_HOST: what the source has to be, see below; NULL: anything */
        VolumePropagation propagation; /* VOLUME_HOST */
        Tristate map_ids;              /* VOLUME_HOST: "idMap" */
        uint32_t group;                /* VOLUME_NAMED: all files are this group's, and it can write; 0: as they are */
        char *device_access;           /* VOLUME_HOST: "r", "rw" or "rwm"; the source is a device then */
} Volume;

typedef struct Mount {
        char *volume;
        char *path;
        Volume *app_volume; /* private to the app; then no volume of the pod is needed */
        /* Our extensions: */
        bool read_only;     /* for this app, whatever the volume says */
        char *sub_path;     /* what of the volume the app sees, see path_is_below(); NULL: all of it */
} Mount;

/* "directory", "file" or "socket" as S_IFMT of stat(2); 0: none of these. */
mode_t volume_source_format(const char *source_type);

/* The name of a VOLUME_NAMED on the host. */
const char *volume_stored_name(const Volume *v);

void volume_done(Volume *v);
void mount_done(Mount *m);

/* Read single ones from JSON, into zeroed structs. */
int volume_read(json_object *o, Volume *ret, JsonError *e);
int mount_read(json_object *o, Mount *ret, JsonError *e);

/* Arrays, as members. */
extern const JsonType json_volumes;
extern const JsonType json_mounts;
