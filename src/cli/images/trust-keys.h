/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "cli/terminal/results.h"
#include "image/trust/keystore.h"

/* Making keys trusted. All of these log. */

typedef struct TrustKeys {
        const char *prefix;     /* NULL: for every image */
        bool skip_review;       /* else the user at the terminal is asked */
        bool allow_http;        /* keys may come over http: too */
        const Results *results; /* NULL: standard output is for something else, and the words go to standard error */
} TrustKeys;

Keystore context_keystore(const Context *c);

/* Trusts the keys in a file or at a URL, all of which are reviewed before any is trusted. */
int trust_keys_at(Context *c, const TrustKeys *how, const char *location);
/* Trusts the keys that the prefix's own site names: meta discovery, spec/discovery.md of appc. */
int trust_discovered_keys(Context *c, const TrustKeys *how);
