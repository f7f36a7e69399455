/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "keys/secret-key.h"

/* The half that is in the module (secret-key-openssl.c). */
typedef struct SecretKeyMethods {
        int (*parse)(const char *data, size_t n, SecretKeyAsk ask, void *userdata, SecretKey **ret,
                     char **reterr_message);
        void (*done)(SecretKey *k);
        int (*sign)(const SecretKey *k, const void *data, size_t n, void **ret, size_t *ret_size);
} SecretKeyMethods;

extern const SecretKeyMethods secret_key_methods;

struct SecretKey {
        const SecretKeyMethods *methods;
        struct evp_pkey_st *key;
        PublicKey *public_key;
};
