/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>

#include "lib/test-temporary.h"

#include "basic/strv.h"

/* Keys and signatures made on the spot with gpg and openssl, in a temporary directory. */

typedef struct Signing {
        Temporary t;
} Signing;

/* A shell in the directory, $GPG being gpg with a home of its own; -1 when it fails. */
int signing_try(Signing *s, const char *format, ...) _printf_(2, 3);

#define signing_run(s, ...) cr_assert_eq(signing_try((s), __VA_ARGS__), 0)

Signing signing_new(void);
void signing_done(Signing *s);

/* A key NAME@example.com that signs, exported as NAME.asc; algorithm as "ed25519" or "rsa3072". */
void signing_key(Signing *s, const char *name, const char *algorithm);
char *signing_read(Signing *s, const char *name, size_t *ret_size);

/* Of the primary key, in lower case. */
char *signing_fingerprint(Signing *s, const char *name);
void signing_write(Signing *s, const char *name, const void *data, size_t n);

/* A key pair NAME.key and NAME.pub for cosign's signatures; what: arguments of `openssl genpkey`. */
void signing_cosign_key(Signing *s, const char *name, const char *what);

#define P256 "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
#define P384 "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
#define RSA2048 "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
#define ED25519 "-algorithm ed25519"
