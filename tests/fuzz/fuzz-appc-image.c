/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "manifest/appc-image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {};
        _cleanup_(appc_image_freep) AppcImage *o = NULL;
        int r = appc_image_parse((const char *) data, size, &o, &e);

        /* What is refused is refused with a word. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || e.message);
        return 0;
}
