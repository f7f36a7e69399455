/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/name/docker-reference.h"
#include "image/transport/fetcher.h"
#include "image/trust/key-ring.h"

/* Searches for a signature of an image that has a name in a registry and a digest: the common part of the kinds of
 * signatures (simple-signing.c, cosign.c). The first valid one ends the search; of the errors of the others, the most
 * informative is kept. */

/* Signatures of one image that are looked at, per place. */
#define SIGNATURES_MAX 64

typedef struct SignatureSearch {
        const char *name;       /* as it was asked for */
        DockerReference reference;
        const Digest *digests;  /* what was asked for: of the manifest, and of the index it was found through */
        size_t n_digests;
        char **stores;
        Fetcher *fetcher;       /* NULL: nothing is asked over the network */
        const KeyRing *ring;

        ImageTrust trust;       /* what was found */
        int error;              /* what was not, a negative errno, and why */
        char *problem;
        bool unasked;           /* there was more to ask, but no network to ask over */
} SignatureSearch;

/* Records why a signature is not valid; takes ownership of a message that may be NULL. */
void signature_search_fail(SignatureSearch *s, int error, const char *where, char *message);

/* The end of looking at one signature, which verified when r is not negative; takes trust and message. 1: it is good.
 * 0: it is not, which was noted. */
int signature_search_conclude(SignatureSearch *s, int r, TrustHow how, const char *where, ImageTrust *trust,
                              char *message);

/* Gets data for the search. 1: got it. 0: there is none, or the error was recorded. */
int signature_search_fetch(SignatureSearch *s, FetchKind kind, const char *reference, size_t max, FetchReply *ret);
int signature_search_fetch_url(SignatureSearch *s, const char *url, size_t max, FetchReply *ret);

/* Whether the digest is one that is looked for. */
bool signature_search_is_digest(const SignatureSearch *s, const char *digest);

/* The kinds. 1: found a good one. 0: none. */
int simple_signing_search(SignatureSearch *s);
int cosign_search(SignatureSearch *s);
