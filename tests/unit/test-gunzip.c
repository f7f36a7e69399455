/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "shared/gunzip.h"
#include "lib/test-temporary.h"

/* A stream given out in pieces of a size of our choice. */
typedef struct Stream {
        const char *data;
        size_t size, at, piece;
        int error;      /* instead of the end */
} Stream;

static ssize_t next_piece(void *userdata, const void **ret)
{
        Stream *s = userdata;
        size_t n = MIN(s->piece, s->size - s->at);

        *ret = s->data + s->at;
        s->at += n;
        return n == 0 ? s->error : (ssize_t) n;
}

/* All that comes out, or the error. */
static ssize_t decode(Stream *s, char *out, size_t max)
{
        _cleanup_(gunzip_freep) Gunzip *g = NULL;
        const void *data;
        size_t size = 0;
        ssize_t n;

        cr_assert_eq(gunzip_new(next_piece, s, &g), 0);
        while ((n = gunzip_read(g, &data)) > 0) {
                cr_assert_leq(size + n, max);
                memcpy(out + size, data, n);
                size += n;
        }
        return n < 0 ? n : (ssize_t) size;
}

#define PLAIN_SIZE 700001U

static char plain[PLAIN_SIZE], out[2 * PLAIN_SIZE];

/* What gzip(1) makes of it: partly repetitive, partly noise. */
static char *make_member(size_t *ret_size)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *command = strprintf("gzip -k %s/plain", t.path);
        uint32_t noise = 1;
        char *gz;

        for (size_t i = 0; i < PLAIN_SIZE; i++) {
                noise = noise * 1664525 + 1013904223;
                plain[i] = i % 3000 < 2000 ? (char) (i % 7) : (char) (noise >> 24);
        }
        cr_assert_eq(write_file_at(t.fd, "plain", plain, PLAIN_SIZE, 0600), 0);
        cr_assert_eq(system(command), 0);
        cr_assert_eq(read_file_at(t.fd, "plain.gz", 1 << 20, &gz, ret_size), 0);
        return gz;
}

Test(gunzip, pieces_of_any_size_and_several_members)
{
        static const size_t pieces[] = { 1, 7, 4096, 1 << 20 };
        size_t size;
        _cleanup_free_ char *member = make_member(&size), *two = malloc(2 * size + 3);

        memcpy(two, member, size);
        memcpy(two + size, member, size);
        memcpy(two + 2 * size, "\0\0\0", 3);
        for (size_t i = 0; i < ELEMENTSOF(pieces); i++) {
                Stream s = { .data = two, .size = 2 * size + 3, .piece = pieces[i] };

                cr_assert_eq(decode(&s, out, sizeof(out)), 2 * PLAIN_SIZE, "pieces of %zu", pieces[i]);
                cr_assert_eq(memcmp(out, plain, PLAIN_SIZE), 0);
                cr_assert_eq(memcmp(out + PLAIN_SIZE, plain, PLAIN_SIZE), 0);
        }
}

Test(gunzip, truncated_anywhere_is_damaged)
{
        size_t size;
        _cleanup_free_ char *member = make_member(&size);

        for (size_t end = 0; end < size; end += end < 32 || end > size - 16 ? 1 : size / 50) {
                Stream s = { .data = member, .size = end, .piece = 1000 };

                cr_assert_eq(decode(&s, out, sizeof(out)), -EBADMSG, "%zu of %zu bytes", end, size);
        }
}

Test(gunzip, every_wrong_byte_of_header_and_trailer_is_seen)
{
        size_t size;
        _cleanup_free_ char *member = make_member(&size);
        const size_t at[] = { 0, 1, 2, size - 8, size - 5, size - 4, size - 1, size / 2 };

        for (size_t i = 0; i < ELEMENTSOF(at); i++) {
                Stream s = { .data = member, .size = size, .piece = 1000 };

                member[at[i]] ^= 0x55;
                cr_expect_eq(decode(&s, out, sizeof(out)), -EBADMSG, "byte %zu", at[i]);
                member[at[i]] ^= 0x55;
        }
}

Test(gunzip, errors_of_the_reader_are_passed_on)
{
        Stream s = { .data = "", .piece = 1, .error = -EIO };

        cr_assert_eq(decode(&s, out, sizeof(out)), -EIO);
}
