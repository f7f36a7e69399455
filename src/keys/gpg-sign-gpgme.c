/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <gpgme.h>
#include <locale.h>

#include "basic/fd.h"
#include "keys/gpg-sign-internal.h"
#include "shared/explain.h"

typedef struct Signing {
        gpgme_ctx_t context;
        gpgme_key_t key;
        gpgme_data_t from, to;
        char **reterr_message;
} Signing;

static void signing_done(Signing *s)
{
        if (s->to)
                gpgme_data_release(s->to);
        if (s->from)
                gpgme_data_release(s->from);
        if (s->key)
                gpgme_key_unref(s->key);
        if (s->context)
                gpgme_release(s->context);
}

static int failed(const Signing *s, gpgme_error_t e, const char *doing)
{
        switch (gpgme_err_code(e)) {
        case GPG_ERR_INV_ENGINE:
                return explain(s->reterr_message, EOPNOTSUPP, "gpg is missing: install it, on Debian the package gpg");
        case GPG_ERR_CANCELED:
        case GPG_ERR_FULLY_CANCELED:
        case GPG_ERR_BAD_PASSPHRASE:
        case GPG_ERR_NO_PASSPHRASE:
                return explain(s->reterr_message, ECANCELED, "its passphrase was not given");
        default:
                return explain(s->reterr_message, EPROTO, "gpg failed to %s: %s", doing, gpgme_strerror(e));
        }
}

static int start(Signing *s, GpgSignForm form)
{
        gpgme_error_t e;

        (void) gpgme_check_version(NULL);
        (void) gpgme_set_locale(NULL, LC_CTYPE, setlocale(LC_CTYPE, NULL));
        e = gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP);
        if (!e)
                e = gpgme_new(&s->context);
        if (!e)
                e = gpgme_set_protocol(s->context, GPGME_PROTOCOL_OpenPGP);
        if (e)
                return failed(s, e, "start");
        gpgme_set_armor(s->context, form == GPG_SIGN_DETACHED);
        return 0;
}

/* The one that it stands for. */
static int find_key(Signing *s, const char *key)
{
        gpgme_key_t next = NULL;
        gpgme_error_t e = gpgme_op_keylist_start(s->context, key, 1);

        if (!e)
                e = gpgme_op_keylist_next(s->context, &s->key);
        if (!e && !gpgme_op_keylist_next(s->context, &next)) {
                gpgme_key_unref(next);
                (void) gpgme_op_keylist_end(s->context);
                return explain(s->reterr_message, ENOTUNIQ, "gpg has several secret keys of that name; write the "
                               "fingerprint of one, as 'gpg --list-secret-keys' shows it");
        }
        (void) gpgme_op_keylist_end(s->context);
        if (gpgme_err_code(e) == GPG_ERR_EOF || gpgme_err_code(e) == GPG_ERR_NO_SECKEY)
                return explain(s->reterr_message, ENOKEY,
                               "gpg has no secret key of that name; 'gpg --list-secret-keys' lists those it has");
        return e ? failed(s, e, "find the key") : 0;
}

static int check_key(const Signing *s)
{
        const char *problem = s->key->revoked    ? "was revoked"
                              : s->key->expired  ? "has expired"
                              : s->key->disabled ? "is disabled"
                              : s->key->invalid  ? "is not valid"
                              : !s->key->can_sign ? "cannot sign"
                                                  : NULL;

        return problem ? explain(s->reterr_message, EKEYREJECTED, "it %s", problem) : 0;
}

static int sign_with_key(Signing *s, int fd, GpgSignForm form)
{
        gpgme_error_t e;

        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        e = gpgme_data_new_from_fd(&s->from, fd);
        if (!e)
                e = gpgme_data_new(&s->to);
        if (!e)
                e = gpgme_signers_add(s->context, s->key);
        if (!e)
                e = gpgme_op_sign(s->context, s->from, s->to,
                                  form == GPG_SIGN_DETACHED ? GPGME_SIG_MODE_DETACH : GPGME_SIG_MODE_NORMAL);
        return e ? failed(s, e, "sign") : 0;
}

static int take(Signing *s, GpgMade *ret)
{
        size_t n;
        char *data = gpgme_data_release_and_get_mem(TAKE_PTR(s->to), &n);

        ret->data = data ? string_from_bytes(data, n) : NULL;
        ret->size = n;
        ret->fingerprint = strdup(strempty(s->key->fpr));
        gpgme_free(data);
        if (!ret->data || !ret->fingerprint) {
                gpg_made_done(ret);
                return -ENOMEM;
        }
        for (char *p = ret->fingerprint; *p; p++)
                *p = (char) tolower((unsigned char) *p);
        return 0;
}

static int sign(const char *key, int fd, GpgSignForm form, GpgMade *ret, char **reterr_message)
{
        _cleanup_(signing_done) Signing s = { .reterr_message = reterr_message };
        int r = start(&s, form);

        if (r >= 0)
                r = find_key(&s, key);
        if (r >= 0)
                r = check_key(&s);
        if (r >= 0)
                r = sign_with_key(&s, fd, form);
        return r < 0 ? r : take(&s, ret);
}

__attribute__((visibility("default"))) const GpgSignMethods gpg_sign_methods = { .sign = sign };
