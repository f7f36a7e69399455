/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/digest.h"

/* Public keys in PEM ("BEGIN PUBLIC KEY": RFC 7468, section 13) and signatures by them, as cosign makes them, with
 * libcrypto, which a module has (shared/module.h). */

#define PUBLIC_KEY_MAX (64U * 1024)

typedef struct PublicKey PublicKey;

PublicKey *public_key_free(PublicKey *k);
DEFINE_TRIVIAL_CLEANUP_FUNC(PublicKey *, public_key_free);

/* -EBADMSG: there is no such key, or more than one. -EOPNOTSUPP: a kind of key that is not supported; supported are
 * ECDSA on P-256, P-384 and P-521, Ed25519, and RSA of 2048 bits and more. */
int public_key_parse(const char *data, size_t n, PublicKey **ret, char **reterr_message);

/* SHA-256 of the DER encoded SubjectPublicKeyInfo: `openssl pkey -pubin -outform DER | sha256sum`. */
const Digest *public_key_fingerprint(const PublicKey *k);
/* "ECDSA P-256", "RSA 3072" */
const char *public_key_description(const PublicKey *k);
/* As PEM again, with nothing else in it. */
int public_key_format(const PublicKey *k, char **ret);

/* Whether the key made the signature: ECDSA in DER and RSA (PKCS #1 v1.5 or PSS) over SHA-256 or the hash that fits the
 * key's size, Ed25519. 0: it did. -EBADMSG: it did not. */
int public_key_verify(const PublicKey *k, const void *data, size_t n, const void *signature, size_t n_signature);
