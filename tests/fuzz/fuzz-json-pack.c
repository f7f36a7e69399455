/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "shared/json-pack.h"
#include "shared/json-table.h"

/* What a process says that reads what strangers wrote, and may have been taken over. What passes is JSON like any
 * other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_json_object_ json_object *o = NULL, *again = NULL;
        _cleanup_free_ char *packed = NULL, *text = NULL;
        size_t n;

        if (json_unpack((const char *) data, size, &o) < 0)
                return 0;
        FUZZ_ASSERT(json_pack(o, &packed, &n) >= 0);
        FUZZ_ASSERT(n == size && memcmp(packed, data, n) == 0);
        FUZZ_ASSERT(json_format_compact(o, &text) >= 0);
        FUZZ_ASSERT(json_parse_memory(text, strlen(text), &again, NULL) >= 0);
        return 0;
}
