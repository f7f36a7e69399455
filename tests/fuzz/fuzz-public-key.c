/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "keys/public-key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(public_key_freep) PublicKey *k = NULL;
        _cleanup_free_ char *message = NULL, *text = NULL;

        if (public_key_parse((const char *) data, size, &k, &message) < 0)
                return 0;
        FUZZ_ASSERT(public_key_format(k, &text) >= 0);
        FUZZ_ASSERT(public_key_verify(k, "x", 1, data, MIN(size, (size_t) 512)) < 0);
        return 0;
}
