/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/appc-pod.h"

/* Templates of appc's meta discovery (spec/discovery.md): "https://HOST/{name}-{version}-{os}-{arch}.{ext}". */

typedef struct AppcEndpoint {
        char *image;
        char *signature;
} AppcEndpoint;

typedef struct AppcEndpoints {
        AppcEndpoint *endpoints;
        size_t n;
} AppcEndpoints;

void appc_endpoints_done(AppcEndpoints *e);

/* Fills name and labels into the answer of a FETCH_DISCOVERY; the version is "latest" unless a label gives one.
 * Templates that need a missing label are left out. */
int appc_endpoints_render(const char *answer, size_t size, const AppcImageRef *ref, AppcEndpoints *ret,
                          char **reterr_message);
