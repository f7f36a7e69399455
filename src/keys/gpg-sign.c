/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "keys/gpg-sign-internal.h"
#include "shared/module.h"

/* NULL unless the module is linked into the program, as it is into tests. */
extern const GpgSignMethods gpg_sign_methods __attribute__((weak));

void gpg_made_done(GpgMade *m)
{
        m->data = mfree(m->data);
        m->fingerprint = mfree(m->fingerprint);
}

int gpg_sign(const char *key, int fd, GpgSignForm form, GpgMade *ret, char **reterr_message)
{
        const GpgSignMethods *methods;
        int r = module_find("keys", gpg_sign_methods, &methods, reterr_message);

        return r < 0 ? r : methods->sign(key, fd, form, ret, reterr_message);
}
