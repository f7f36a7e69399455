/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/source-options.h"
#include "manifest/appc-pod.h"

/* ACIs from web servers: at a URL, or where discovery says. The signature is asked for before the image, so that
 * nothing large is fetched in vain; a server that defers it (202) is asked again afterwards. A transfer that broke off,
 * in another process too, is gone on with while the server's ETag is the same. */

typedef struct UrlFetch {
        ImageStore *store;
        Fetcher *fetcher;
        const char *url;
        const char *signature_url;      /* NULL: made from the URL */
        const AppcImageRef *wanted;     /* NULL: any image will do */
        const SourceOptions *options;
        bool ask_always;                /* even if what we have need not be asked about yet */
} UrlFetch;

/* What was fetched from there before is kept while the server says it has not changed. *ret_id is the image's ID. */
int source_url_fetch(const UrlFetch *u, char **ret_id, char **reterr_message);

/* The endpoints of discovery in their order until one has it (appc spec/discovery.md). The URL is made from the
 * labels. */
int source_discovery_fetch(const UrlFetch *u, char **ret_id, char **reterr_message);
