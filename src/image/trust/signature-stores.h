/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* The stores of signatures that are kept apart from their images, from files of the kind "signatures" in signatures.d
 * (see shared/config-dir.h):
 *
 *     {"rktKind": "signatures", "rktVersion": "v1", "prefixes": ["example.com/app"],
 *      "store": "https://example.com/sigs"}
 *
 * A store is a URL (https:, http:, file:) or a directory. */
typedef struct SignatureStore {
        char *prefix;
        char *store;            /* without slashes at its end; an absolute path for a directory */
        unsigned layer;
} SignatureStore;

typedef struct SignatureStores {
        SignatureStore *stores;
        size_t n, n_allocated;
} SignatureStores;

void signature_stores_done(SignatureStores *stores);

/* Roots: the vendor's configuration, then the administrator's; ends with NULL. */
int signature_stores_read(const char *const *roots, SignatureStores *ret, char **reterr_message);

/* The stores for an image of that name, which has no tag, the longest prefix first. */
int signature_stores_find(const SignatureStores *stores, const char *name, char ***ret);
