/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* All that is known about an image that is being built, in one document: the file that is replaced when a command is
 * done (build/build-context.h). */

/* A layer as it was compressed to write it, kept for the next time. */
typedef struct BuildPack {
        char *path;             /* relative to the context */
        char *compression;
        Digest blob;
        uint64_t blob_size;
} BuildPack;

/* A layer, bottom to top. */
typedef struct BuildLayer {
        char *path;             /* relative to the context; absolute where it is part of another image */
        char *compression;      /* of the file, as compression_to_string() names it */
        Digest blob;            /* of the file */
        uint64_t blob_size;
        Digest tar;             /* of the tar in it: the layer's diff ID */
        uint64_t tar_size;
        bool run;               /* a command that ran made it */
        BuildPack *packs;
        size_t n_packs;
} BuildLayer;

/* A tar of the layer that is open. */
typedef struct BuildChange {
        char *path;             /* relative to the context */
        char *what;             /* the command, for the image's history */
} BuildChange;

typedef struct BuildRecord {
        int64_t version;
        int64_t time;           /* of all files, and of the image: seconds since the epoch */
        json_object *config;    /* the OCI image config, as it will be written */
        json_object *appc;      /* parts of an appc image manifest, or NULL (build/build-appc.h) */
        char **annotations;     /* of the manifest, "NAME=VALUE" */
        char *reference;        /* what the image is called where it is written, unless that says so; or NULL */
        char *base_name;        /* of the image that the build began with; or NULL */
        char *base_digest;      /* of its manifest; NULL: it had none */
        char *base_tree;        /* the files that the base has, without contents; NULL: there is no base */
        char **base_artifacts;  /* the files of what is kept beside that image, relative to the context (see
                                 * build/build-artifacts.h) */
        BuildLayer *layers;
        size_t n_layers;
        BuildChange *changes;
        size_t n_changes;
        uint64_t next;          /* number of the next file below layers/ */
} BuildRecord;

BuildRecord *build_record_free(BuildRecord *r);
DEFINE_TRIVIAL_CLEANUP_FUNC(BuildRecord *, build_record_free);
/* Without a config. */
int build_record_new(int64_t time, BuildRecord **ret);
int build_record_parse(const char *data, size_t n, BuildRecord **ret, JsonError *e);
int build_record_format(const BuildRecord *r, char **ret);

/* These take what the structs own, also on failure. */
int build_record_add_layer(BuildRecord *r, BuildLayer *layer);
int build_record_add_change(BuildRecord *r, BuildChange *change);
int build_layer_add_pack(BuildLayer *layer, BuildPack *pack);
void build_layer_done(BuildLayer *layer);
/* The files that it names within the build, sorted. */
int build_record_files(const BuildRecord *r, char ***ret);
/* It came with the image that the build began with. */
bool build_layer_is_of_base(const BuildLayer *layer);
/* Its last layer is that of a command that ran, and nothing has changed since. */
bool build_record_ends_with_run(const BuildRecord *r);
void build_record_drop_changes(BuildRecord *r);

/* The time that SOURCE_DATE_EPOCH says (https://reproducible-builds.org/specs/source-date-epoch/), else 0. -EINVAL: it
 * is none. */
int build_time_read(int64_t *ret, char **reterr_message);
/* RFC 3339; NULL: out of memory. */
char *build_time_format(int64_t time);
