/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/trust/image-verify.h"

/* What is asked of a source, wherever it is. */

/* What is reported of a transfer now and then: the blob, how much of it there is, and how much it will be (UINT64_MAX:
 * not known). */
typedef struct SourceProgress {
        void (*update)(void *userdata, const char *blob, uint64_t done, uint64_t total);
        void *userdata;
} SourceProgress;

typedef struct SourceOptions {
        const char *name;       /* the image's name here, instead of those it brings along */
        const ImageVerify *verify;      /* NULL: whatever it is */
        const ImageVerify *guard;       /* its keys keep files that are not verified from taking names; NULL: none do */
        const char *signature;  /* file with the signature of an ACI; NULL: FILE.asc beside it */
        const SourceProgress *progress;  /* NULL: nobody looks */
        const char *reference;  /* only the image of this org.opencontainers.image.ref.name or name */
} SourceOptions;
