/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"
#include "image/trust/key-ring.h"

/* Searches for a signature of an image that has a name in a registry and a digest: the common part of the kinds of
 * signatures (simple-signing.c, cosign.c). The first valid one ends the search; of the errors of the others, the most
 * informative is kept. */

/* Signatures of one image that are checked, per place. */
#define SIGNATURES_MAX 64

typedef struct SignatureSearch {
        const char *name;       /* as it was requested */
        DockerReference reference;
        const Digest *digests;  /* the requested ones: of the manifest, and of the index it was found through */
        size_t n_digests;
        char **stores;
        Fetcher *fetcher;       /* NULL: nothing is asked over the network */
        const KeyRing *ring;

        ImageTrust trust;       /* what was found */
        int error;              /* if nothing was found: a negative errno, and the reason */
        char *problem;
        bool unasked;           /* there was more to ask, but no network to ask over */
} SignatureSearch;

/* Records why a signature is not valid; takes ownership of a message that may be NULL. */
void signature_search_fail(SignatureSearch *s, int error, const char *where, char *message);

/* Ends the check of one signature, which is valid unless r is negative; takes ownership of trust and message. 1: it is
 * valid. 0: it is not, which has been recorded. */
int signature_search_conclude(SignatureSearch *s, int r, TrustHow how, const char *where, ImageTrust *trust,
                              char *message);

/* Gets data for the search. 1: got it. 0: there is none, or the error was recorded. */
int signature_search_fetch(SignatureSearch *s, FetchKind kind, const char *reference, size_t max, FetchReply *ret);
int signature_search_fetch_url(SignatureSearch *s, const char *url, size_t max, FetchReply *ret);

/* Whether the digest is one of those searched for. */
bool signature_search_is_digest(const SignatureSearch *s, const char *digest);

/* The kinds of signatures. 1: found a valid one. 0: none. */
int simple_signing_search(SignatureSearch *s);
int cosign_search(SignatureSearch *s);
