/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/trust/image-verify.h"

/* Options for any kind of source. */

/* Progress of a transfer, reported from time to time: the blob, its size so far, and its final size (UINT64_MAX: not
 * known). */
typedef struct SourceProgress {
        void (*update)(void *userdata, const char *blob, uint64_t done, uint64_t total);
        void *userdata;
} SourceProgress;

typedef struct SourceOptions {
        const char *name;       /* the image's name in the store, instead of its own names */
        const ImageVerify *verify;      /* NULL: accept any image */
        const ImageVerify *guard;       /* its keys keep files that are not verified from taking names; NULL: no names
                                         * are protected */
        const char *signature;  /* file with the signature of an ACI; NULL: FILE.asc beside it */
        const SourceProgress *progress;  /* NULL: not reported */
        const char *reference;  /* only the image of this org.opencontainers.image.ref.name or name */
        const Digest *digests;  /* of files: the images that were asked for, of their manifests or indexes, or of ACIs
                                 * before compression. All have to be there, and nothing else. That verifies them, but
                                 * not the names that they give themselves */
        size_t n_digests;
} SourceOptions;

/* Whether the digest is one that was asked for. */
static inline bool source_options_ask_for(const SourceOptions *options, const Digest *digest)
{
        for (size_t i = 0; i < options->n_digests; i++)
                if (digest_equal(&options->digests[i], digest))
                        return true;
        return false;
}
