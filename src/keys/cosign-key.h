/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

#include "basic/macro.h"

/* Secret keys as cosign encrypts them: PEM of the kind "ENCRYPTED SIGSTORE PRIVATE KEY", and before that "ENCRYPTED
 * COSIGN PRIVATE KEY", around a JSON object that has the key, in PKCS #8, in a secretbox of NaCl, whose own key scrypt
 * makes of the passphrase (cosign, pkg/cosign/keys.go; go-securesystemslib, encrypted). */

bool cosign_key_is(const char *data, size_t n);

/* The key in DER, which the caller erases and frees. -EKEYREJECTED: the passphrase is wrong. -EBADMSG: it is damaged.
 * -EOPNOTSUPP: it is encrypted in another way, or more expensively than anybody does it; or podctl was built without
 * libsodium. */
int cosign_key_open(const char *data, size_t n, const char *passphrase, void **ret, size_t *ret_size,
                    char **reterr_message);
