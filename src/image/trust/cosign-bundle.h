/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "shared/json-table.h"

/* Sigstore's bundle with a signed statement in it (sigstore/protobuf-specs, sigstore_bundle.proto; DSSE's protocol.md;
 * in-toto's statement.md), of which cosign 3 attaches one to an image for each signature. */

#define COSIGN_BUNDLE_TYPE "application/vnd.dev.sigstore.bundle"

typedef struct CosignBundle {
        char *payload;          /* the statement */
        size_t payload_size;
        char *signed_data;      /* what the signatures are over: DSSE's encoding of type and payload */
        size_t signed_size;
        char **signatures;      /* base64 */
        bool keyless;           /* made with a certificate instead of a key */
} CosignBundle;

void cosign_bundle_done(CosignBundle *b);
/* Parses without verifying. -EOPNOTSUPP: it contains something else, such as a signature of a file. */
int cosign_bundle_read(json_object *o, CosignBundle *ret, JsonError *e);

/* A statement that says "this image is signed": the digests of its subjects, "sha256:…". Call this only with verified
 * data. -EOPNOTSUPP: it states something else, such as "these packages are in this image", which is not an approval. */
int cosign_statement_parse(const char *data, size_t n, char ***ret_digests, JsonError *e);
