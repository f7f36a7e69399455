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
        VOLUME_IMAGE, /* ours: the files of an image, read-only */
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
        /* VOLUME_EMPTY and _TMPFS; defaults are 0755 (tmpfs: 1777), 0, 0. */
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
        bool writable_below;           /* VOLUME_HOST: what is mounted below the source is not read-only */
        Tristate map_ids;              /* VOLUME_HOST: "idMap" */
        uint32_t group;                /* VOLUME_NAMED: all files are this group's, and it can write; 0: as they are */
        char *device_access;           /* VOLUME_HOST: "r", "rw" or "rwm"; the source is a device then */
        char *image;    /* VOLUME_IMAGE: as a user writes it, see image/name/image-location.h; NULL: only its ID is
                         * known */
        char *image_id; /* VOLUME_IMAGE: "imageID", as of an AppcImageRef; NULL: to be found by the former */
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

/* Whatever the mount point says. */
bool volume_is_read_only(const Volume *v);
/* The name of a VOLUME_NAMED on the host. */
const char *volume_stored_name(const Volume *v);

/* Whether an app's mount there takes the place of its /run, where systemd mounts something: it has to be writable. */
bool mount_is_all_of_run(const char *path);

void volume_done(Volume *v);
void mount_done(Mount *m);

/* Read single ones from JSON, into zeroed structs. */
int volume_read(json_object *o, Volume *ret, JsonError *e);
int mount_read(json_object *o, Mount *ret, JsonError *e);

/* Arrays, as members. */
extern const JsonType json_volumes;
extern const JsonType json_mounts;

/* Of a named volume: an AC name that is short enough for the files beside it, ".NAME.lock". */
#define VOLUME_NAME_MAX 249U
bool volume_name_is_valid(const char *name);
