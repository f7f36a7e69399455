/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/http-header.h"
#include "fuzz.h"

static void read_value(const char *value)
{
        _cleanup_strv_free_ char **challenges = NULL;

        (void) http_parse_range_begin(value);
        (void) http_parse_retry_after(value, 0);
        (void) http_parse_max_age(value);
        if (http_challenges_split(value, &challenges) < 0)
                return;
        STRV_FOREACH(one, challenges) {
                _cleanup_free_ char *realm = NULL;

                (void) http_challenge_is(*one, "Bearer");
                (void) http_challenge_parameter(*one, "realm", &realm);
        }
}

/* A head, line by line, of which libcurl hands out what is behind the colons. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        while (size > 0) {
                const uint8_t *end = memchr(data, '\n', size);
                size_t n = end ? (size_t) (end - data) + 1 : size;
                _cleanup_free_ char *line = string_from_bytes((const char *) data, n);
                const char *colon = line ? strchr(line, ':') : NULL;

                if (colon)
                        read_value(colon + 1);
                data += n;
                size -= n;
        }
        return 0;
}
