/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/source/source-options.h"
#include "manifest/appc-pod.h"

/* ACIs from web servers: at a URL, or at one found by discovery. The signature is requested before the image, so that
 * nothing large is fetched in vain; if the server defers it (202), it is requested again afterwards. An interrupted
 * transfer, also of another process, is resumed while the server's ETag is the same. */

typedef struct UrlFetch {
        ImageStore *store;
        Fetcher *fetcher;
        const char *url;
        const char *signature_url;      /* NULL: made from the URL */
        const AppcImageRef *wanted;     /* NULL: any image will do */
        const SourceOptions *options;
        bool ask_always;                /* even if the record in the store is still fresh */
} UrlFetch;

/* The image that was fetched from there before is kept while the server says it has not changed. *ret_id is the image's
 * ID. */
int source_url_fetch(const UrlFetch *u, char **ret_id, char **reterr_message);

/* Tries the endpoints of discovery in order until one has the image (appc spec/discovery.md). The URL is made from the
 * labels. */
int source_discovery_fetch(const UrlFetch *u, char **ret_id, char **reterr_message);
