/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "keys/secret-key-internal.h"
#include "shared/module.h"

/* NULL unless the module is linked into the program, as it is into tests. */
extern const SecretKeyMethods secret_key_methods __attribute__((weak));

static bool has(const char *data, size_t n, const char *text)
{
        return memmem(data, n, text, strlen(text));
}

bool secret_key_is_pem(const char *data, size_t n)
{
        return has(data, n, "-----BEGIN ") && has(data, n, "PRIVATE KEY-----");
}

int secret_key_parse(const char *data, size_t n, SecretKeyAsk ask, void *userdata, SecretKey **ret,
                     char **reterr_message)
{
        const SecretKeyMethods *methods;
        int r = module_find("keys", secret_key_methods, &methods, reterr_message);

        return r < 0 ? r : methods->parse(data, n, ask, userdata, ret, reterr_message);
}

SecretKey *secret_key_free(SecretKey *k)
{
        if (!k)
                return NULL;
        k->methods->done(k);
        public_key_free(k->public_key);
        return mfree(k);
}

const PublicKey *secret_key_public(const SecretKey *k)
{
        return k->public_key;
}

int secret_key_sign(const SecretKey *k, const void *data, size_t n, void **ret, size_t *ret_size)
{
        return k->methods->sign(k, data, n, ret, ret_size);
}
