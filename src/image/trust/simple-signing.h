/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/trust/signature-search.h"
#include "shared/json-table.h"

/* The payload of "simple signing" (containers/image, containers-signature(5)); cosign signs the same with another
 * type. */
typedef struct SimpleSigning {
        char *type;
        char *digest;           /* of the manifest */
        char *reference;        /* the name for which it is signed; may be empty from cosign */
} SimpleSigning;

#define SIMPLE_SIGNING_TYPE "atomic container signature"
#define COSIGN_TYPE "cosign container image signature"

/* Of the layer that cosign makes of a payload, and of its annotation with the signature, in base64. */
#define COSIGN_PAYLOAD_MEDIA_TYPE "application/vnd.dev.cosign.simplesigning.v1+json"
#define COSIGN_ANNOTATION_SIGNATURE "dev.cosignproject.cosign/signature"

void simple_signing_done(SimpleSigning *s);

/* Call this only with verified data. As the specification requires, unknown members are refused, except in
 * "optional". */
int simple_signing_parse(const char *data, size_t n, const char *type, SimpleSigning *ret, JsonError *e);

/* The payload that says that the image of this digest may be called so: "HOST/PATH:TAG". type: as above. */
int simple_signing_format(const char *type, const char *reference, const Digest *digest, json_object **ret);
/* Where a store has the signatures of an image: PATH@sha256=HEX, the path being that of its name, without the host
 * (containers-registries.d(5)); in it are files "signature-1" and so on. NULL: out of memory. */
char *simple_signing_directory(const char *path, const Digest *digest);

/* Whether the signed image is the one searched for. Exact: the tag has to be the same, unless a digest was requested
 * (containers-policy.json(5), matchRepoDigestOrExact), otherwise the repository suffices (matchRepository).
 * -EKEYREJECTED: it is not. */
int simple_signing_check(const SimpleSigning *p, const SignatureSearch *s, bool exact, char **reterr_message);
