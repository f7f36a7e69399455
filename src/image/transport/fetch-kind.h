/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <errno.h>

/* The requests to the process that talks to the network, and their possible successful outcomes. */

typedef enum FetchKind {
        FETCH_URL,              /* url; with an offset the ETag must still be the same, else -ESTALE */
        FETCH_URL_HEAD,         /* the same without its body */
        FETCH_DISCOVERY,        /* url is an appc name, perhaps with a port behind the host: looks for its
                                 * <meta> elements (appc spec/discovery.md) until there is one of the kind that
                                 * reference says, "aci" or "pubkeys"; answers with a JSON object
                                 * {"aci": [templates], "pubkeys": [URLs]} */
        FETCH_MANIFEST,         /* registry, repository; reference: tag or digest */
        FETCH_MANIFEST_HEAD,    /* the same, only its digest, type and size */
        FETCH_BLOB,             /* registry, repository; reference: digest */
        FETCH_BLOB_HEAD,        /* the same, only whether it is there */
        FETCH_REFERRERS,        /* registry, repository; reference: digest. Answers with an index, from the referrers
                                 * API or else the tag that stands in for it; -ENOENT: none */
        FETCH_SIGNATURES,       /* registry, repository; reference: digest. OpenPGP "simple signatures" that the
                                 * registry itself keeps (/extensions/v2/REPOSITORY/signatures/DIGEST) */
        FETCH_BLOB_PUSH,        /* registry, repository; reference: digest; size; from: another repository of the
                                 * registry that may have it, or NULL. The file is what is sent */
        FETCH_MANIFEST_PUSH,    /* registry, repository; reference: tag or digest; size, media_type; the same */
        _FETCH_KIND_MAX,
        _FETCH_KIND_INVALID = -EINVAL,
} FetchKind;

typedef enum FetchOutcome {
        FETCH_DONE,
        FETCH_UNCHANGED,        /* 304 */
        FETCH_DEFERRED,         /* 202: ask again later */
        FETCH_MOUNTED,          /* the registry had the blob, in the other repository */
        _FETCH_OUTCOME_MAX,
        _FETCH_OUTCOME_INVALID = -EINVAL,
} FetchOutcome;
