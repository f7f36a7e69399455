/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/discovery.h"
#include "fuzz.h"
#include "image/name/appc-discovery.h"

/* A page; and what podctl makes of templates, whatever the process that reads pages says they are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const AppcImageRef ref = { .name = (char *) "example.com/app" };
        _cleanup_free_ char *message = NULL;
        AppcEndpoints e = {};
        Discovery d = {};

        if (discovery_parse((const char *) data, size, "example.com/app", &d) >= 0) {
                FUZZ_ASSERT(strv_length(d.aci) <= 64 && strv_length(d.pubkeys) <= 64);
                STRV_FOREACH(s, d.aci)
                        FUZZ_ASSERT(string_is_ascii_printable(*s));
        }
        discovery_done(&d);
        if (appc_endpoints_render((const char *) data, size, &ref, &e, &message) >= 0)
                appc_endpoints_done(&e);
        return 0;
}
