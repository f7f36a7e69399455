/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/image-source.h"
#include "image/store/image-store.h"

/* Imports images from files into the store: an OCI image layout (directory, or tar of one), a `docker save` archive
 * (either layout), an appc ACI; tars may be compressed. The kind is determined by the contents, never by the name. An
 * image that cannot be verified is refused, unless the caller needs no verification. An ACI is verified by a signature
 * in a file beside it; an OCI image by one in a signature store, made for the name it gets here. */

/* Adds every image in the file; all are verified before any is published. On success *ret_ids are the IDs in the order
 * of the archive, "sha256:…", for appc "sha512-…". On failure nothing is left, and *reterr_message begins with the
 * path. -EMEDIUMTYPE: it is not an image. -ENOENT: no such file, or no image of that reference in it. -ENOEXEC: no
 * image for this machine. -ENOTUNIQ: a name for several images. Refusals are those of image/trust/image-verify.h.
 * -EBADMSG: it is damaged, inconsistent or malicious. Errors of JSON documents are those of shared/json-table.h. */
int source_path_import(ImageStore *s, const char *path, const SourceOptions *options, char ***ret_ids,
                     char **reterr_message);

/* The images in a directory, or in an archive that was unpacked into one, without importing them. -EMEDIUMTYPE: it is
 * neither an OCI layout nor a docker archive. */
int source_directory_find(const Source *source, SourceImages *ret, char **reterr_message);
/* Whether there is something that these could be in; it may be damaged. */
bool source_directory_has_image(int dir_fd);

/* What a file is, by the names in it; it is read from its beginning, and is there again afterwards. */
typedef enum SourceFileKind {
        SOURCE_FILE_NONE,       /* no archive, or one without files */
        SOURCE_FILE_OTHER,      /* an archive of something else */
        SOURCE_FILE_ACI,
        SOURCE_FILE_DIRECTORY,  /* an archive whose contents could also be a directory */
} SourceFileKind;

/* -EBADMSG: it begins like an archive, and is damaged. */
int source_file_detect(int fd, SourceFileKind *ret, char **reterr_message);
