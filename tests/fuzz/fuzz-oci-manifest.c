/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "manifest/oci-image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {};
        _cleanup_(oci_manifest_freep) OciManifest *o = NULL;
        int r = oci_manifest_parse((const char *) data, size, &o, &e);

        /* What is refused is refused with a word. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || e.message);
        if (o)
                (void) oci_manifest_check_image(o, NULL);
        return 0;
}
