/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/transport/fetcher.h"
#include "image/trust/image-trust.h"

/* Whether an image may be used. No image may be used without a reason: all of these functions return 0 and a reason,
 * or refuse. Callers that need no verification (--insecure-options=image) do not ask here, and record TRUST_NONE.
 *
 * Refusals, with a message that begins with the image's name and ends with the command or option that helps:
 * -ENOKEY, the signature is not by a trusted key; -ENODATA, there is none; -EKEYREJECTED and -EBADMSG, it is not
 * valid; others, it could not be fetched. */

typedef struct ImageVerify {
        const char *system_config;      /* NULL: the usual places */
        const char *local_config;
        Fetcher *fetcher;               /* NULL: only what is on this machine */
} ImageVerify;

/* The object that a name in a registry refers to. */
typedef struct ImageClaim {
        const char *name;       /* "docker.io/library/busybox:latest", also the short form; without tag and digest it
                                 * means "latest" */
        bool pinned;            /* the name contains the digest, and the image has that digest */
        const Digest *digests;  /* of the manifest, and of the index it was found through: either may be signed */
        size_t n_digests;
} ImageClaim;

int image_verify_claim(const ImageVerify *v, const ImageClaim *claim, ImageTrust *ret, char **reterr_message);

/* Whether a key is trusted for images of that name: 1 or 0. */
int image_verify_has_keys(const ImageVerify *v, const char *name, char **reterr_message);

/* Verifies an ACI by the detached signature of its file as fetched, compressed or not. Name is the one in its manifest.
 * The file is read from its beginning and left at an unknown position. */
int image_verify_aci(const ImageVerify *v, const char *name, int fd, const char *signature, size_t n_signature,
                     ImageTrust *ret, char **reterr_message);

/* The refusal of an ACI that came without a signature; where is the file or URL at which it was expected. */
int image_verify_aci_unsigned(const char *name, const char *where, char **reterr_message);
