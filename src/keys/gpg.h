/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"
#include "basic/strv.h"

/* OpenPGP by gpgme and gpg: reading public keys, and checking signatures against given ones. The user's keyring, trust
 * database, agent and network are not used: each call has its own keyring, made of the keys it is given, in a process
 * without privileges (see shared/unprivileged.h), since the bytes are untrusted. The answer of that process is also
 * treated as untrusted text: names are made printable. */

#define GPG_KEY_MAX (1U * 1024 * 1024)          /* a file of keys */
#define GPG_SIGNATURE_MAX (1U * 1024 * 1024)
#define GPG_PAYLOAD_MAX (1U * 1024 * 1024)      /* the signed text, when the signature contains it */

/* Hexadecimal digits of a fingerprint: version 4, and 5 and 6. */
#define GPG_FINGERPRINT_V4 40
#define GPG_FINGERPRINT_V5 64

typedef struct GpgKey {
        char *fingerprint;      /* lower case */
        char **subkeys;         /* fingerprints of its other keys that can sign */
        char **identities;      /* "Name <address>" */
        char *problem;          /* "it has expired": why it verifies nothing; NULL: it can verify */
        char *armoured;         /* the public key alone, as text */
} GpgKey;

typedef struct GpgKeys {
        GpgKey *keys;
        size_t n_keys;
} GpgKeys;

void gpg_keys_done(GpgKeys *keys);

/* Reads all public keys, armoured or binary. -EBADMSG: there is none, or secret ones are among them. -E2BIG. */
int gpg_read_keys(const char *data, size_t n, GpgKeys *ret, char **reterr_message);

typedef struct GpgSignature {
        char *fingerprint; /* of the primary key; of a key that we do not have, what the signature says, at least 16
                                 * digits of the key that made it */
        char *subkey;           /* the key that made it: the same one, or a subkey */
        char **identities;
        uint64_t created;       /* seconds since the epoch */
        Digest data;            /* detached: SHA-256 of the signed data, as it was read */
} GpgSignature;

void gpg_signature_done(GpgSignature *s);

/* A key to verify with, in any format. */
typedef struct GpgKeyData {
        const char *data;
        size_t size;
} GpgKeyData;

/* The signed data. */
typedef struct GpgSigned {
        const char *signature;
        size_t signature_size;
        int fd;                 /* detached: the signed data, read from the beginning; leaves the offset unspecified */
        char *payload;          /* inline: the signed text, NUL-terminated */
        size_t payload_size;
} GpgSigned;

/* Verifies a signature of data in a file. Of several signatures one good one suffices, but once a signature by a given
 * key turns out to be of other data, those after it are not checked. On success, on -ENOKEY (none is by a given key)
 * and on -EKEYREJECTED (by a key that has expired, was revoked or must not sign) *ret says whose it is. -EBADMSG: it is
 * not a signature, or not of this data. */
int gpg_verify_detached(const GpgKeyData *keys, size_t n_keys, const GpgSigned *what, GpgSignature *ret,
                        char **reterr_message);
/* Verifies a message that contains what it signs, with a single signature, and returns the signed text when it is
 * good. */
int gpg_verify_inline(const GpgKeyData *keys, size_t n_keys, GpgSigned *what, GpgSignature *ret,
                      char **reterr_message);
