/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/trust/keystore.h"

/* A key file from a user: OpenPGP, armoured or binary, with one key or several; or a public key in PEM. */

typedef struct FoundKey {
        KeyKind kind;
        char *fingerprint;      /* as the keystore requires */
        char **subkeys;         /* OpenPGP: fingerprints of its other keys that can sign */
        char **identities;      /* OpenPGP: printable; cosign: the algorithm */
        char *problem;          /* why it cannot verify anything; NULL: it can */
        char *text;             /* what to keep: this key and nothing else */
} FoundKey;

typedef struct KeyFile {
        FoundKey *keys;
        size_t n;
} KeyFile;

void key_file_done(KeyFile *f);

/* -EBADMSG: it contains no key, or a private one. -EOPNOTSUPP: a kind that is not supported. */
int key_file_parse(const char *data, size_t n, KeyFile *ret, char **reterr_message);
