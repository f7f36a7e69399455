/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-signing.h"

int signing_try(Signing *s, const char *format, ...)
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

Signing signing_new(void)
{
        Signing s = { .t = temporary_new() };

        signing_run(&s, "mkdir -m 0700 home");
        return s;
}

void signing_done(Signing *s)
{
        (void) signing_try(s, "gpgconf --homedir home --kill all");
        temporary_done(&s->t);
}

void signing_key(Signing *s, const char *name, const char *algorithm)
{
        signing_run(s, "$GPG --quick-generate-key '%s <%s@example.com>' %s sign never && "
                       "$GPG --armor --output %s.asc --export %s@example.com",
                    name, name, algorithm, name, name);
}

char *signing_read(Signing *s, const char *name, size_t *ret_size)
{
        char *data = NULL;
        size_t size;

        cr_assert_eq(read_file_at(s->t.fd, name, 16 << 20, &data, &size), 0, "%s", name);
        if (ret_size)
                *ret_size = size;
        return data;
}

char *signing_fingerprint(Signing *s, const char *name)
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

void signing_write(Signing *s, const char *name, const void *data, size_t n)
{
        cr_assert_eq(write_file_at(s->t.fd, name, data, n, 0644), 0);
}

void signing_cosign_key(Signing *s, const char *name, const char *what)
{
        signing_run(s, "openssl genpkey %s -out %s.key && openssl pkey -in %s.key -pubout -out %s.pub", what, name,
                    name, name);
}
