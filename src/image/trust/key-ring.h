/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/trust/image-trust.h"
#include "image/trust/keystore.h"
#include "keys/gpg.h"

/* The keys that are trusted for one name, loaded and ready to verify with. A key counts only if its file is named
 * after it. Only the members of ImageTrust that describe the key are filled in.
 *
 * All return -ENOKEY when the signature is not by any of these keys, -EKEYREJECTED when it is by one that must not
 * be used any more, -EBADMSG when it is not a valid signature; the message begins with "made by key …" or says what
 * the signature is instead. */
typedef struct KeyRing KeyRing;

/* A broken file does not affect the others: its error is reported when a key is missed. */
int key_ring_load(const Keystore *k, const char *name, KeyRing **ret, char **reterr_message);
KeyRing *key_ring_free(KeyRing *ring);
DEFINE_TRIVIAL_CLEANUP_FUNC(KeyRing *, key_ring_free);

/* How many keys of the kind there are. */
size_t key_ring_count(const KeyRing *ring, KeyKind kind);
/* The errors of key files of this kind, one line each. */
char *const *key_ring_problems(const KeyRing *ring);

int key_ring_verify_detached(const KeyRing *ring, const GpgSigned *what, ImageTrust *ret, char **reterr_message);
int key_ring_verify_inline(const KeyRing *ring, GpgSigned *what, ImageTrust *ret, char **reterr_message);
/* The signature is binary, not encoded. */
int key_ring_verify_cosign(const KeyRing *ring, const void *data, size_t n, const void *signature, size_t n_signature,
                           ImageTrust *ret, char **reterr_message);
