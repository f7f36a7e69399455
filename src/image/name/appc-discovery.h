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

/* The answer to a FETCH_DISCOVERY with name and labels put in; the version is "latest" unless a label says otherwise.
 * Templates that need a label there is none of are left out. */
int appc_endpoints_render(const char *answer, size_t size, const AppcImageRef *ref, AppcEndpoints *ret,
                          char **reterr_message);
