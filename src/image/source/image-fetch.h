/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/store/image-store.h"
#include "image/trust/image-verify.h"

/* Takes images from files into the store: an OCI image layout (directory, or tar of one), a `docker save` archive
 * (either layout), an appc ACI; tars may be compressed. What it is is told by looking at it, never by its name. An
 * image that cannot be verified is not taken, unless the caller does without. An ACI is by a signature in a file beside
 * it; an OCI image by one in a store of signatures, made for the name it gets here. */

/* What is told about a transfer now and then: the blob, how much of it there is, and how much it will be (UINT64_MAX:
 * not known). */
typedef struct ImageProgress {
        void (*update)(void *userdata, const char *blob, uint64_t done, uint64_t total);
        void *userdata;
} ImageProgress;

typedef struct ImageFetchOptions {
        const char *name;       /* the image's name here, instead of those it brings along */
        const ImageVerify *verify;      /* NULL: whatever it is */
        const ImageVerify *guard;       /* its keys keep files that are not verified from taking names; NULL: none do */
        const char *signature;  /* file with the signature of an ACI; NULL: FILE.asc beside it */
        const ImageProgress *progress;  /* NULL: nobody looks */
        const char *reference;  /* only the image of this org.opencontainers.image.ref.name or name */
} ImageFetchOptions;

/* Adds every image in there; all are verified before any appears. On success *ret_ids are the IDs in the order of the
 * archive, "sha256:…", for appc "sha512-…". On failure nothing is left, and *reterr_message begins with the path.
 * -EMEDIUMTYPE: it is not an image. -ENOENT: no such file, or no image of that reference in it. -ENOEXEC: none for this
 * machine. -ENOTUNIQ: a name for several images. Refusals are those of image/trust/image-verify.h. -EBADMSG: it is damaged,
 * inconsistent or hostile. Errors of JSON documents are those of shared/json-table.h. */
int image_fetch_path(ImageStore *s, const char *path, const ImageFetchOptions *options, char ***ret_ids,
                     char **reterr_message);
