/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/source-options.h"
#include "image/store/image-store.h"

/* Takes images from files into the store: an OCI image layout (directory, or tar of one), a `docker save` archive
 * (either layout), an appc ACI; tars may be compressed. What it is is told by looking at it, never by its name. An
 * image that cannot be verified is not taken, unless the caller does without. An ACI is by a signature in a file beside
 * it; an OCI image by one in a store of signatures, made for the name it gets here. */

/* Adds every image in there; all are verified before any appears. On success *ret_ids are the IDs in the order of the
 * archive, "sha256:…", for appc "sha512-…". On failure nothing is left, and *reterr_message begins with the path.
 * -EMEDIUMTYPE: it is not an image. -ENOENT: no such file, or no image of that reference in it. -ENOEXEC: none for this
 * machine. -ENOTUNIQ: a name for several images. Refusals are those of image/trust/image-verify.h. -EBADMSG: it is
 * damaged, inconsistent or hostile. Errors of JSON documents are those of shared/json-table.h. */
int source_path_import(ImageStore *s, const char *path, const SourceOptions *options, char ***ret_ids,
                     char **reterr_message);
