/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/http-header.h"
#include "fuzz.h"

/* A head, line by line as libcurl hands it out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        HttpHeaders h = {};

        while (size > 0) {
                const uint8_t *end = memchr(data, '\n', size);
                size_t n = end ? (size_t) (end - data) + 1 : size;

                (void) http_headers_add(&h, (const char *) data, n);
                data += n;
                size -= n;
        }
        http_headers_done(&h);
        return 0;
}
