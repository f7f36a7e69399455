/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Signatures that are made here, with a secret key of the user's own keyring: by gpg and its agent, which may ask for a
 * passphrase. What others signed is verified elsewhere, without any of this (keys/gpg.h). */

typedef enum GpgSignForm {
        GPG_SIGN_DETACHED,      /* armoured, to go beside a file */
        GPG_SIGN_INLINE,        /* binary, with what is signed in it */
} GpgSignForm;

typedef struct GpgMade {
        char *data;
        size_t size;
        char *fingerprint;      /* of the key, in lower case */
} GpgMade;

void gpg_made_done(GpgMade *m);

/* key: as gpg takes it, a fingerprint, an address or a part of a name. fd: the data, from its beginning. -ENOKEY: there
 * is no such secret key. -ENOTUNIQ: several. -EKEYREJECTED: it must not sign. -ECANCELED: no passphrase was given. The
 * message says what to do. */
int gpg_sign(const char *key, int fd, GpgSignForm form, GpgMade *ret, char **reterr_message);
