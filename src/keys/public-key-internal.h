/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "keys/public-key.h"

/* The half that is in the module (public-key-openssl.c). */
typedef struct PublicKeyMethods {
        int (*parse)(const char *data, size_t n, PublicKey **ret, char **reterr_message);
        void (*done)(PublicKey *k);
        int (*format)(const PublicKey *k, char **ret);
        int (*verify)(const PublicKey *k, const void *data, size_t n, const void *signature, size_t n_signature);
} PublicKeyMethods;

extern const PublicKeyMethods public_key_methods;

typedef struct PublicKeyScheme PublicKeyScheme;

struct PublicKey {
        const PublicKeyMethods *methods;
        struct evp_pkey_st *key;
        const PublicKeyScheme *schemes;
        size_t n_schemes;
        Digest fingerprint;
        char *description;
};
