/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>

#include "test-temporary.h"

#include "basic/strv.h"

/* Keys and signatures made on the spot with gpg and openssl, in a temporary directory. */

typedef struct Signing {
        Temporary t;
} Signing;

/* A shell in the directory, $GPG being gpg with a home of its own; -1 when it fails. */
static inline _unused_ int signing_try(Signing *s, const char *format, ...) _printf_(2, 3);
static inline _unused_ int signing_try(Signing *s, const char *format, ...)
{
        _cleanup_free_ char *command = NULL, *script = NULL;
        va_list ap;

        va_start(ap, format);
        cr_assert_geq(vasprintf(&command, format, ap), 0);
        va_end(ap);
        /* gpg-agent's socket has to fit into 108 characters, which this directory's name does. */
        script = strjoin("exec >/dev/null 2>log; set -eu; cd '", s->t.path,
                         "'; GPG=\"gpg --homedir home --batch --quiet --yes --pinentry-mode loopback --passphrase=\"; ",
                         command);
        return system(script);
}

#define signing_run(s, ...) cr_assert_eq(signing_try((s), __VA_ARGS__), 0)

static inline _unused_ Signing signing_new(void)
{
        Signing s = { .t = temporary_new() };

        signing_run(&s, "mkdir -m 0700 home");
        return s;
}

static inline _unused_ void signing_done(Signing *s)
{
        (void) signing_try(s, "gpgconf --homedir home --kill all");
        temporary_done(&s->t);
}

/* A key NAME@example.com that signs, exported as NAME.asc; algorithm as "ed25519" or "rsa3072". */
static inline _unused_ void signing_key(Signing *s, const char *name, const char *algorithm)
{
        signing_run(s, "$GPG --quick-generate-key '%s <%s@example.com>' %s sign never && "
                       "$GPG --armor --output %s.asc --export %s@example.com",
                    name, name, algorithm, name, name);
}

static inline _unused_ char *signing_read(Signing *s, const char *name, size_t *ret_size)
{
        char *data = NULL;
        size_t size;

        cr_assert_eq(read_file_at(s->t.fd, name, 16 << 20, &data, &size), 0, "%s", name);
        if (ret_size)
                *ret_size = size;
        return data;
}

/* Of the primary key, in lower case. */
static inline _unused_ char *signing_fingerprint(Signing *s, const char *name)
{
        char *fingerprint;

        signing_run(
                s,
                "$GPG --with-colons --list-keys %s@example.com | awk -F: '$1 == \"fpr\" { print tolower($10); exit }' "
                "| tr -d '\\n' >fpr",
                name);
        fingerprint = signing_read(s, "fpr", NULL);
        cr_assert_eq(strlen(fingerprint), 40);
        return fingerprint;
}

static inline _unused_ void signing_write(Signing *s, const char *name, const void *data, size_t n)
{
        cr_assert_eq(write_file_at(s->t.fd, name, data, n, 0644), 0);
}

/* A key pair NAME.key and NAME.pub for cosign's signatures; what: arguments of `openssl genpkey`. */
static inline _unused_ void signing_cosign_key(Signing *s, const char *name, const char *what)
{
        signing_run(s, "openssl genpkey %s -out %s.key && openssl pkey -in %s.key -pubout -out %s.pub", what, name,
                    name, name);
}

#define P256 "-algorithm EC -pkeyopt ec_paramgen_curve:P-256"
#define P384 "-algorithm EC -pkeyopt ec_paramgen_curve:P-384"
#define RSA2048 "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"
#define ED25519 "-algorithm ed25519"
