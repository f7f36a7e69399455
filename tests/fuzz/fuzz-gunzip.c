/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "shared/gunzip.h"

/* A small input may say that it becomes gigabytes. */
#define OUT_MAX (4U * 1024 * 1024)

typedef struct Stream {
        const uint8_t *data;
        size_t size;
} Stream;

/* In pieces of odd sizes, so that state is carried over in all places. */
static ssize_t next_piece(void *userdata, const void **ret)
{
        Stream *s = userdata;
        size_t n = MIN(s->size, 1 + s->size % 37);

        *ret = s->data;
        s->data += n;
        s->size -= n;
        return (ssize_t) n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(gunzip_freep) Gunzip *g = NULL;
        Stream s = { data, size };
        const void *out;
        size_t sum = 0;
        ssize_t n;

        FUZZ_ASSERT(gunzip_new(next_piece, &s, &g) >= 0);
        while (sum < OUT_MAX && (n = gunzip_read(g, &out)) > 0)
                for (ssize_t i = 0; i < n; i++)
                        sum += 1 + (((const char *) out)[i] & 0);
        return 0;
}
