/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/registry-exchange.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *token = NULL, *message = NULL;
        uint64_t lifetime;

        if (registry_token_parse((const char *) data, size, &token, &lifetime, &message) >= 0)
                FUZZ_ASSERT(*token && string_is_ascii_printable(token));
        else
                FUZZ_ASSERT(message);
        return 0;
}
