/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* The reason for trusting that an image is what its name says; kept in its record and shown to users. */

typedef enum TrustHow {
        TRUST_NONE,             /* nothing: the user gave --insecure-options=image */
        TRUST_DIGEST,           /* it was requested by its digest */
        TRUST_OPENPGP,          /* a detached OpenPGP signature of an ACI */
        TRUST_SIMPLE_SIGNING,   /* an OpenPGP signature of the manifest's digest */
        TRUST_COSIGN,
        _TRUST_HOW_MAX,
        _TRUST_HOW_INVALID = -EINVAL,
} TrustHow;

const char *trust_how_to_string(TrustHow h);
TrustHow trust_how_from_string(const char *s);

typedef struct ImageTrust {
        char *how;              /* as above; NULL: nothing is known */
        char *name;             /* the name for which it was verified; the same image may get others later */
        char *key;              /* fingerprint of the key that signed, as the keystore has it */
        char *prefix;           /* the prefix that the key is trusted for; NULL: every image */
        char *identity;         /* the key's own description: "Name <address>", "ECDSA P-256" */
        uint64_t time;          /* when it was verified, nanoseconds since the epoch */
} ImageTrust;

extern const JsonType json_image_trust; /* in place */

void image_trust_done(ImageTrust *t);
int image_trust_copy(const ImageTrust *from, ImageTrust *to);
/* Sets how, the name, and the current time; the key is left unchanged. */
int image_trust_set(ImageTrust *t, TrustHow how, const char *name);
bool image_trust_is(const ImageTrust *t, TrustHow how);
/* In one line: "simple-signing, key 0123… (Name <address>), for example.com". NULL: out of memory. */
char *image_trust_format(const ImageTrust *t);
/* NULL when nothing is known. */
json_object *image_trust_to_json(const ImageTrust *t);
