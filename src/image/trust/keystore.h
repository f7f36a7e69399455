/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* The public keys that images are verified with, laid out as rkt did (its Documentation/subcommands/trust.md): below
 * the vendor's and the administrator's configuration
 *
 *     trustedkeys/root.d/FINGERPRINT              trusted for every image
 *     trustedkeys/prefix.d/PREFIX…/FINGERPRINT    trusted for images named PREFIX or below it, by components
 *
 * A file holds one public key. OpenPGP keys are named by their fingerprint, 40 or 64 hexadecimal digits; keys in PEM,
 * for cosign's signatures, "sha256-" and the SHA-256 of their SubjectPublicKeyInfo. A file's name is checked against
 * its contents when it is used, so a file with another name has no effect. Of two files with the same name in the same
 * place, the administrator's counts; if that is empty, the key is not trusted there. Only the administrator's files are
 * written. */

typedef enum KeyKind {
        KEY_OPENPGP,
        KEY_COSIGN,
        _KEY_KIND_MAX,
        _KEY_KIND_INVALID = -EINVAL,
} KeyKind;

const char *key_kind_to_string(KeyKind k);
KeyKind key_kind_from_string(const char *s);

#define KEYSTORE_SYSTEM "/usr/lib/podctl"
#define KEYSTORE_LOCAL "/etc/podctl"
#define COSIGN_FINGERPRINT_PREFIX "sha256-"

/* The locations of the keys; the strings are borrowed, NULL means the default location. */
typedef struct Keystore {
        const char *system;
        const char *local;
} Keystore;

typedef struct TrustedKey {
        KeyKind kind;
        char *fingerprint;      /* the file's name */
        char *prefix;           /* NULL: every image */
        char *path;
        bool local;             /* the administrator's */
        bool masked;            /* an empty file: trusts nothing */
} TrustedKey;

typedef struct TrustedKeys {
        TrustedKey *keys;
        size_t n, n_allocated;
} TrustedKeys;

void trusted_keys_done(TrustedKeys *keys);

/* Which kind of key a file name stands for. -EINVAL: it is not the name of a key. */
KeyKind key_kind_of_fingerprint(const char *name);

/* "example.com/app", "localhost:5000": a prefix for which keys can be trusted. */
bool key_prefix_is_valid(const char *prefix);

/* Finds the keys for images of that name, which has no tag: those for the longest prefix first, those for every image
 * last. Masked ones are left out. */
int keystore_find(const Keystore *k, const char *name, TrustedKeys *ret, char **reterr_message);
/* Lists all keys, masked ones too, sorted by prefix; with a prefix only those for exactly that prefix, with root only
 * those for every image. */
int keystore_list(const Keystore *k, const char *prefix, bool root, TrustedKeys *ret, char **reterr_message);

/* Reads the key's file, unchanged. */
int trusted_key_read(const TrustedKey *key, char **ret, size_t *ret_size, char **reterr_message);

/* Prefix NULL: for every image. Replaces an existing file, a mask too. */
int keystore_add(const Keystore *k, const char *prefix, const char *fingerprint, const char *text, char **ret_path,
                 char **reterr_message);
/* No longer trusts the key there: removes the administrator's file, and hides the vendor's behind an empty one.
 * -ENOENT: it was not trusted there. *ret_masked: the vendor's was hidden. */
int keystore_remove(const Keystore *k, const char *prefix, const char *fingerprint, bool *ret_masked,
                    char **reterr_message);
