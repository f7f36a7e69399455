/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "image/trust/cosign-bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {}, e2 = {};
        _cleanup_strv_free_ char **digests = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        CosignBundle b = {};

        if (json_parse_memory((const char *) data, size, &o, &e) >= 0)
                (void) cosign_bundle_read(o, &b, &e);
        cosign_bundle_done(&b);
        (void) cosign_statement_parse((const char *) data, size, &digests, &e2);
        return 0;
}
