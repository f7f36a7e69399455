/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/http-header.h"
#include "fuzz.h"

/* A challenge, and the other values that are more than a word. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static const char *const names[] = { "realm", "service", "scope", "x" };
        _cleanup_free_ char *text = fuzz_string(data, size);

        (void) http_challenge_is(text, "Bearer");
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *value = NULL;
                int r = http_challenge_parameter(text, names[i], &value);

                FUZZ_ASSERT(r < 0 ? !value : value && strlen(value) < strlen(text));
        }
        (void) http_parse_retry_after(text, 1000000000);
        (void) http_parse_max_age(text);
        return 0;
}
