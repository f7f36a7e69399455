/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "image/export/layout-writer.h"
#include "manifest/oci-descriptor.h"

/* A layer as it is written. */
typedef struct BuildPacked {
        const char *path; /* what it was made of, as the record has it */
        int fd;
        OciCompression compression;
        Digest digest;
        uint64_t size;
} BuildPacked;

#define BUILD_PACKED_NONE { .fd = -EBADF }

void build_packed_done(BuildPacked *p);

/* A file without a name, which is gone when this process ends. Returns its fd. */
int build_aside(const BuildContext *c, char **reterr_message);
/* Compresses a file, always to the same bytes. */
int build_pack_file(int from, OciCompression compression, int to, char **reterr_message);

/* How a layer was compressed, in the record and in names of files. */
const char *build_pack_name(OciCompression compression);
const char *build_pack_suffix(OciCompression compression);
/* NULL: there is none. */
const BuildPack *build_pack_find(const BuildLayer *layer, OciCompression compression);
bool build_pack_is_missing(const BuildLayer *layer, OciCompression compression);
/* Compresses all layers that are not compressed, always to the same bytes, several at once. The record gets what was
 * compressed, so that it is done only once. */
int build_pack_all(BuildContext *c, OciCompression compression, char **reterr_message);
/* A layer after that; one that was compressed already is as it was. */
int build_pack(BuildContext *c, BuildLayer *layer, OciCompression compression, BuildPacked *ret,
               char **reterr_message);
/* The tar of a layer. */
int build_unpack(BuildContext *c, const BuildLayer *layer, BuildPacked *ret, char **reterr_message);
/* -EBADMSG: it has changed since it became part of the build. */
int build_packed_check(const BuildPacked *p, char **reterr_message);
/* Writes the file that was begun for it, and checks it. */
int build_packed_write(const BuildPacked *p, LayoutWriter *writer, char **reterr_message);
