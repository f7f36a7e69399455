/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "keys/public-key-internal.h"
#include "shared/module.h"

/* NULL unless the module is linked into the program, as it is into tests. */
extern const PublicKeyMethods public_key_methods __attribute__((weak));

int public_key_parse(const char *data, size_t n, PublicKey **ret, char **reterr_message)
{
        const PublicKeyMethods *methods;
        int r = module_find("keys", public_key_methods, &methods, reterr_message);

        return r < 0 ? r : methods->parse(data, n, ret, reterr_message);
}

PublicKey *public_key_free(PublicKey *k)
{
        if (!k)
                return NULL;
        k->methods->done(k);
        free(k->description);
        return mfree(k);
}

const Digest *public_key_fingerprint(const PublicKey *k)
{
        return &k->fingerprint;
}

const char *public_key_description(const PublicKey *k)
{
        return k->description;
}

int public_key_format(const PublicKey *k, char **ret)
{
        return k->methods->format(k, ret);
}

int public_key_verify(const PublicKey *k, const void *data, size_t n, const void *signature, size_t n_signature)
{
        return k->methods->verify(k, data, n, signature, n_signature);
}
