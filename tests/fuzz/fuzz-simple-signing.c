/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "image/trust/simple-signing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {};
        SimpleSigning s = {};

        (void) simple_signing_parse((const char *) data, size, "atomic container signature", &s, &e);
        simple_signing_done(&s);
        return 0;
}
