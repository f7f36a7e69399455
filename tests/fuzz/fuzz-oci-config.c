/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "manifest/oci-config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_error_ JsonError e = {};
        _cleanup_(oci_config_freep) OciConfig *o = NULL;
        int r = oci_config_parse((const char *) data, size, &o, &e);

        /* What is refused is refused with a word. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || e.message);
        if (o) {
                _cleanup_strv_free_ char **ignored = NULL;
                _cleanup_(app_freep) App *app = NULL;

                (void) oci_config_to_app(o, &app);
                (void) oci_config_ignored(o, &ignored);
        }
        return 0;
}
