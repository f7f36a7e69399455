/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/strv.h"

/* OpenPGP by gpgme and gpg: reading public keys, and checking signatures against given ones. The user's keyring, trust
 * database, agent and network are left out of it: each call has a keyring of its own, made of the keys it is given,
 * in a process without rights (see shared/unprivileged.h), since the bytes come from strangers. What that process
 * answers is taken as text to be checked, too: names are made printable. */

#define GPG_KEY_MAX (1U * 1024 * 1024)          /* a file of keys */
#define GPG_SIGNATURE_MAX (1U * 1024 * 1024)
#define GPG_PAYLOAD_MAX (1U * 1024 * 1024)      /* what is signed, when it is in the signature */

/* Hexadecimal digits of a fingerprint: version 4, and 5 and 6. */
#define GPG_FINGERPRINT_V4 40
#define GPG_FINGERPRINT_V5 64

typedef struct GpgKey {
        char *fingerprint;      /* lower case */
        char **subkeys;         /* fingerprints of its other keys that can sign */
        char **identities;      /* "Name <address>" */
        char *problem;          /* "it has expired": why it verifies nothing; NULL: it does */
        char *armoured;         /* the public key alone, as text */
} GpgKey;

typedef struct GpgKeys {
        GpgKey *keys;
        size_t n_keys;
} GpgKeys;

void gpg_keys_done(GpgKeys *keys);

/* All public keys in there, armoured or binary. -EBADMSG: there is none, or secret ones are among them. -E2BIG. */
int gpg_read_keys(const char *data, size_t n, GpgKeys *ret, char **reterr_message);

typedef struct GpgSignature {
        char *fingerprint; /* of the primary key; of a key that we do not have, what the signature says, at least 16
                                 * digits of the key that made it */
        char *subkey;           /* the key that made it, the same one unless that was a subkey */
        char **identities;
        uint64_t created;       /* seconds since the epoch */
        Digest data;            /* detached: SHA-256 of what was signed, as it was read */
} GpgSignature;

void gpg_signature_done(GpgSignature *s);

/* A key to verify with, in any form. */
typedef struct GpgKeyData {
        const char *data;
        size_t size;
} GpgKeyData;

/* What a signature is about. */
typedef struct GpgSigned {
        const char *signature;
        size_t signature_size;
        int fd;                 /* detached: what is signed, read from the beginning; is left at an unknown place */
        char *payload;          /* inline: what was signed, NUL-terminated */
        size_t payload_size;
} GpgSigned;

/* The signature of data in a file; of several signatures one that is good suffices, but none behind one by a given key
 * that is of other data is looked at. On success and on -ENOKEY (none is
 * by a key we were given) and -EKEYREJECTED (by one that has expired, was revoked or must not sign) *ret says whose.
 * -EBADMSG: it is no signature, or not of this data. */
int gpg_verify_detached(const GpgKeyData *keys, size_t n_keys, const GpgSigned *what, GpgSignature *ret,
                        char **reterr_message);
/* A message that carries what it signs, with a single signature; hands that out when it is good. */
int gpg_verify_inline(const GpgKeyData *keys, size_t n_keys, GpgSigned *what, GpgSignature *ret,
                      char **reterr_message);
