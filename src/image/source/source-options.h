/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/trust/image-verify.h"
#include "manifest/oci-descriptor.h"

/* Options for any kind of source. */

/* Progress of a transfer, reported from time to time: the blob, its size so far, and its final size (UINT64_MAX: not
 * known). */
typedef struct SourceProgress {
        void (*update)(void *userdata, const char *blob, uint64_t done, uint64_t total);
        void *userdata;
} SourceProgress;

/* An image that was asked for by its digest: of its manifest, or of the index that it is in; of an ACI before
 * compression. What a file calls it is not covered by the digest, unless it is an ACI, and does not count. */
typedef struct SourceAsked {
        Digest digest;
        const char *name;       /* that it gets; NULL: none */
} SourceAsked;

typedef struct SourceOptions {
        const char *name;       /* the image's name in the store, instead of its own names */
        const ImageVerify *verify;      /* NULL: accept any image */
        const ImageVerify *guard;       /* its keys keep files that are not verified from taking names; NULL: no names
                                         * are protected */
        const char *signature;  /* file with the signature of an ACI; NULL: FILE.asc beside it */
        const SourceProgress *progress;  /* NULL: not reported */
        const char *reference;  /* only the image of this org.opencontainers.image.ref.name or name */
        const OciPlatform *platform; /* of an index, the image for this one; NULL: for this host */
        const SourceAsked *asked; /* of files: the images that were asked for. All have to be there, and nothing else;
                                   * that verifies them */
        size_t n_asked;
        bool artifacts;         /* of files: with what they have about an image (image/source/source-artifacts.h) */
} SourceOptions;

/* The one of this digest; NULL: it was not asked for. */
static inline const SourceAsked *source_options_asked(const SourceOptions *options, const Digest *digest)
{
        for (size_t i = 0; i < options->n_asked; i++)
                if (digest_equal(&options->asked[i].digest, digest))
                        return &options->asked[i];
        return NULL;
}
