/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/oci-descriptor.h"

/* An OCI image layout (image-spec, image-layout.md) that is written file by file, as a tar or into a directory. The
 * same files in the same order give the same tar: all belong to root and have time stamp 0. In a directory each file
 * appears when it is complete, and blobs that are there already are kept. */
typedef struct LayoutWriter LayoutWriter;

/* The fd stays the caller's. */
int layout_writer_new_tar(int fd, LayoutWriter **ret, char **reterr_message);
int layout_writer_new_directory(int dir_fd, LayoutWriter **ret);
/* Removes what writers that were killed have left there, but nothing behind a link; the caller sees to it that no other
 * one is at work. */
int layout_writer_sweep(int dir_fd);
/* Without layout_writer_finish(), what was written so far of a tar is useless. */
LayoutWriter *layout_writer_free(LayoutWriter *w);
DEFINE_TRIVIAL_CLEANUP_FUNC(LayoutWriter *, layout_writer_free);

/* Begins a file of that size, whose contents follow. */
int layout_writer_begin(LayoutWriter *w, const char *path, uint64_t size, char **reterr_message);
int layout_writer_data(LayoutWriter *w, const void *data, size_t n, char **reterr_message);
int layout_writer_text(LayoutWriter *w, const char *path, const char *text, size_t n, char **reterr_message);

/* Begins a blob; 0: it was written already, and no contents may follow. */
int layout_writer_begin_blob(LayoutWriter *w, const Digest *digest, uint64_t size, char **reterr_message);
int layout_writer_blob_text(LayoutWriter *w, const Digest *digest, const char *text, size_t n, char **reterr_message);

/* Completes the last file, and the tar. */
int layout_writer_finish(LayoutWriter *w, char **reterr_message);

/* The file "oci-layout". */
#define LAYOUT_MARKER "{\"imageLayoutVersion\":\"1.0.0\"}"

json_object *layout_descriptor_new(const char *media_type, const Digest *digest, uint64_t size);

/* An index.json without entries. */
json_object *layout_index_new(void);
/* Adds an entry for a manifest, which is returned and stays the index's; the name, unless it is NULL, is annotated as
 * its reference. */
json_object *layout_index_add(json_object *index, const char *media_type, const Digest *digest, uint64_t size,
                              const char *name);
