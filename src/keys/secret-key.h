/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "keys/public-key.h"

/* Secret keys in PEM ("BEGIN PRIVATE KEY" and "BEGIN ENCRYPTED PRIVATE KEY": RFC 7468, sections 10 and 11; OpenSSL's
 * older forms; those that cosign encrypts: keys/cosign-key.h), for signatures as cosign makes them. They are of the
 * kinds of keys/public-key.h. */

typedef struct SecretKey SecretKey;

SecretKey *secret_key_free(SecretKey *k);
DEFINE_TRIVIAL_CLEANUP_FUNC(SecretKey *, secret_key_free);

/* Whether the text is meant to be one, of whatever kind, also of those that are not supported. */
bool secret_key_is_pem(const char *data, size_t n);
/* Gets the passphrase of an encrypted key; it is erased and freed when it has been used. Its error is that of
 * secret_key_parse(). */
typedef int (*SecretKeyAsk)(void *userdata, char **ret, char **reterr_message);

/* ask: for a key that is encrypted. -EBADMSG: there is no such key. -EKEYREJECTED: the passphrase is wrong.
 * -EOPNOTSUPP: a kind of key that is not supported. */
int secret_key_parse(const char *data, size_t n, SecretKeyAsk ask, void *userdata, SecretKey **ret,
                     char **reterr_message);

/* What others verify with; it is the key's. */
const PublicKey *secret_key_public(const SecretKey *k);

/* ECDSA in DER or RSA PKCS #1 v1.5, over SHA-256; Ed25519. */
int secret_key_sign(const SecretKey *k, const void *data, size_t n, void **ret, size_t *ret_size);
