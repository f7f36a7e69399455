/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "manifest/oci-image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {};
        _cleanup_(oci_index_freep) OciIndex *o = NULL;
        _cleanup_json_object_ json_object *json = NULL;
        int r;

        r = json_parse_memory((const char *) data, size, &json, &e);
        if (r >= 0)
                r = oci_index_read(json, &o, &e);

        /* What is refused is refused with a word. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || e.message);
        if (o) {
                _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
                _cleanup_free_ char *platforms = NULL;
                const OciDescriptor *found;

                FUZZ_ASSERT(oci_platform_host(&host) >= 0);
                (void) oci_index_select(o, host, &found);
                (void) oci_index_platforms(o, &platforms);
        }
        return 0;
}
