/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <zlib.h>

#include "streaming/spdy-bytes.h"
#include "streaming/spdy-header.h"
#include "streaming/spdy.h"

/* The client is written out: frames as the specification shows them. */

typedef struct Bench {
        Spdy *spdy;
        SpdyDeflate *deflate; /* the client's */
        uint8_t out[65536];   /* what the client gets */
        size_t n_out;
        char log[1024]; /* what happened */
        bool refuses;
} Bench;

__attribute__((format(printf, 2, 3))) static void note(Bench *b, const char *format, ...)
{
        size_t n = strlen(b->log);
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(b->log + n, sizeof(b->log) - n, format, ap);
        va_end(ap);
}

static int on_write(const uint8_t *data, size_t n, void *userdata)
{
        Bench *b = userdata;

        if (n > sizeof(b->out) - b->n_out)
                return -ENOBUFS;
        memcpy(b->out + b->n_out, data, n);
        b->n_out += n;
        return 0;
}

static int on_open(uint32_t stream, char *const *headers, void *userdata)
{
        Bench *b = userdata;

        note(b, "open %u %s;", stream, strempty(strv_env_get(headers, "streamtype")));
        return b->refuses ? -EINVAL : 0;
}

static void on_data(uint32_t stream, const uint8_t *data, size_t n, void *userdata)
{
        note(userdata, "data %u %.*s;", stream, (int) n, (const char *) data);
}

static void on_end(uint32_t stream, bool reset, void *userdata)
{
        note(userdata, "%s %u;", reset ? "reset" : "end", stream);
}

static void bench_new(Bench *b)
{
        *b = (Bench) {};
        cr_assert_eq(spdy_new(&(SpdyEvents) { on_write, on_open, on_data, on_end }, b, &b->spdy), 0);
        cr_assert_eq(spdy_deflate_new(&b->deflate), 0);
}

static void bench_done(Bench *b)
{
        spdy_free(b->spdy);
        spdy_deflate_free(b->deflate);
}

/* A frame, with its first four bytes as a number. */
static int receive(Bench *b, uint32_t first, uint8_t flags, const void *body, size_t n)
{
        _cleanup_free_ uint8_t *frame = malloc(8 + n);

        spdy_put32(frame, first);
        spdy_put32(frame + 4, (uint32_t) n);
        frame[4] = flags;
        memcpy(frame + 8, body, n);
        return spdy_receive(b->spdy, frame, 8 + n);
}

static int receive_numbers(Bench *b, unsigned type, uint32_t one, uint32_t two)
{
        uint8_t body[8];

        spdy_put32(body, one);
        spdy_put32(body + 4, two);
        return receive(b, 0x80030000 | type, 0, body, type == 6 ? 4 : 8);
}

static int receive_stream(Bench *b, uint32_t id, uint8_t flags, const char *kind)
{
        _cleanup_free_ char *header = strjoin("streamtype=", kind);
        _cleanup_free_ uint8_t *block = NULL, *body = NULL;
        size_t n;

        cr_assert_eq(spdy_headers_write(b->deflate, (char *[]) { header, NULL }, &block, &n), 0);
        body = calloc(1, 10 + n);
        spdy_put32(body, id);
        memcpy(body + 10, block, n);
        return receive(b, 0x80030001, flags, body, 10 + n);
}

/* The type of the client's next frame, 0: of data, -1: there is none; *ret: its first number. */
static int next(Bench *b, uint32_t *ret)
{
        uint32_t first;
        size_t n;

        if (b->n_out < 8)
                return -1;
        first = spdy_get32(b->out);
        n = 8 + (spdy_get32(b->out + 4) & 0xffffff);
        cr_assert_geq(b->n_out, n);
        *ret = first >> 31 ? spdy_get32(b->out + 8) : first;
        b->n_out -= n;
        memmove(b->out, b->out + n, b->n_out);
        return first >> 31 ? (int) (first & 0xffff) : 0;
}

static void expect(Bench *b, int type, uint32_t number)
{
        uint32_t got = 0;

        cr_expect_eq(next(b, &got), type);
        cr_expect_eq(got, number);
}

#define BENCH(b)                                                                                               \
        _cleanup_(bench_done) Bench b;                                                                         \
        bench_new(&b)

Test(spdy_header, the_words_are_those_of_the_specification)
{
        _cleanup_(spdy_deflate_freep) SpdyDeflate *z = NULL;
        _cleanup_free_ uint8_t *block = NULL;
        size_t n;

        cr_assert_eq(spdy_deflate_new(&z), 0);
        cr_assert_eq(spdy_headers_write(z, NULL, &block, &n), 0);
        /* A stream of zlib begins with their checksum, which is known (draft-mbelshe-httpbis-spdy-00, 2.6.10.1). */
        cr_expect_eq(block[1] & 0x20, 0x20);
        cr_expect_eq(spdy_get32(block + 2), 0xe3c6a7c2);
}

Test(spdy_header, both_ways)
{
        _cleanup_(spdy_deflate_freep) SpdyDeflate *out = NULL;
        _cleanup_(spdy_inflate_freep) SpdyInflate *in = NULL;

        cr_assert_eq(spdy_deflate_new(&out), 0);
        cr_assert_eq(spdy_inflate_new(&in), 0);
        /* The second depends on the first. */
        for (int i = 0; i < 3; i++) {
                _cleanup_strv_free_ char **headers = NULL;
                _cleanup_free_ uint8_t *block = NULL;
                size_t n;

                cr_assert_eq(spdy_headers_write(out, (char *[]) { (char *) "streamtype=error", (char *) "port=80",
                                                                  (char *) "requestid=a=b", NULL }, &block, &n), 0);
                cr_assert_eq(spdy_headers_read(in, block, n, &headers), 0);
                cr_assert_eq(strv_length(headers), 3);
                cr_expect_str_eq(headers[0], "streamtype=error");
                cr_expect_str_eq(strv_env_get(headers, "requestid"), "a=b");
        }
}

/* A block of these bytes, compressed without the words, which zlib allows. */
static int read_plain(const char *plain, size_t n)
{
        _cleanup_(spdy_inflate_freep) SpdyInflate *in = NULL;
        _cleanup_strv_free_ char **headers = NULL;
        uint8_t block[65536];
        z_stream z = { .next_in = (uint8_t *) plain, .avail_in = (unsigned) n, .next_out = block,
                       .avail_out = sizeof(block) };

        cr_assert_eq(spdy_inflate_new(&in), 0);
        cr_assert_eq(deflateInit(&z, 9), Z_OK);
        cr_assert_eq(deflate(&z, Z_SYNC_FLUSH), Z_OK);
        (void) deflateEnd(&z);
        return spdy_headers_read(in, block, sizeof(block) - z.avail_out, &headers);
}

Test(spdy_header, wrong_blocks)
{
        static const struct {
                const char *plain;
                size_t n;
                int result;
        } cases[] = {
                { "\0\0\0\1\0\0\0\1a\0\0\0\1b", 14, 0 },
                { "\0\0\0\0", 4, 0 },
                { "\0\0\0", 3, -EBADMSG },
                { "\0\0\0\2\0\0\0\1a\0\0\0\1b", 14, -EBADMSG }, /* one is missing */
                { "\0\0\0\0\0\0\0\1a\0\0\0\1b", 14, -EBADMSG }, /* one too many */
                { "\0\0\0\1\0\0\0\0\0\0\0\1b", 13, -EBADMSG },  /* no name */
                { "\0\0\0\1\0\0\0\1=\0\0\0\1b", 14, -EBADMSG },
                { "\0\0\0\1\0\0\0\1\0\0\0\0\1b", 14, -EBADMSG },
                { "\0\0\0\1\377\377\377\377a\0\0\0\1b", 14, -EBADMSG },
                { "\377\377\377\377\0\0\0\1a\0\0\0\1b", 14, -EBADMSG },
        };
        _cleanup_free_ char *zeros = calloc(1, SPDY_HEADERS_MAX + 1);
        _cleanup_(spdy_inflate_freep) SpdyInflate *in = NULL;
        _cleanup_strv_free_ char **headers = NULL;

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(read_plain(cases[i].plain, cases[i].n), cases[i].result, "%zu", i);
        /* Little that becomes much. */
        cr_expect_eq(read_plain(zeros, SPDY_HEADERS_MAX + 1), -E2BIG);
        cr_assert_eq(spdy_inflate_new(&in), 0);
        cr_expect_eq(spdy_headers_read(in, (const uint8_t *) "nothing of zlib", 15, &headers), -EBADMSG);
}

Test(spdy, a_stream_is_replied_to_and_carries_data)
{
        BENCH(b);

        cr_expect_eq(receive_stream(&b, 1, 0, "stdin"), 0);
        expect(&b, 2, 1);
        cr_expect_eq(receive(&b, 1, 0, "abc", 3), 0);
        /* Taken: of the connection, and of the stream. */
        expect(&b, 9, 0);
        expect(&b, 9, 1);
        cr_expect_eq(receive(&b, 1, 1, "d", 1), 0);
        cr_expect_str_eq(b.log, "open 1 stdin;data 1 abc;data 1 d;end 1;");
        b.n_out = 0;

        cr_expect_eq(spdy_send(b.spdy, 1, (const uint8_t *) "out", 3), 0);
        cr_expect_eq(memcmp(b.out, "\0\0\0\1\0\0\0\3out", 11), 0);
        expect(&b, 0, 1);
        cr_expect_eq(spdy_end(b.spdy, 1), 0);
        cr_expect_eq(memcmp(b.out, "\0\0\0\1\1\0\0\0", 8), 0);
        expect(&b, 0, 1);
        /* Both have ended it. */
        cr_expect_eq(spdy_send(b.spdy, 1, (const uint8_t *) "out", 3), 0);
        cr_expect_eq(b.n_out, 0);
}

Test(spdy, frames_come_in_any_pieces)
{
        static const uint8_t data[] = { 0, 0, 0, 1, 0, 0, 0, 2, 'h', 'i', 0x80, 3, 0, 6, 0, 0, 0, 4, 0, 0, 0, 9 };
        BENCH(b);

        cr_assert_eq(receive_stream(&b, 1, 0, "data"), 0);
        for (size_t i = 0; i < sizeof(data); i++)
                cr_expect_eq(spdy_receive(b.spdy, data + i, 1), 0);
        cr_expect_str_eq(b.log, "open 1 data;data 1 hi;");
        expect(&b, 2, 1);
        expect(&b, 9, 0);
        expect(&b, 9, 1);
        expect(&b, 6, 9);
}

Test(spdy, much_data_is_several_frames)
{
        _cleanup_free_ uint8_t *data = calloc(1, SPDY_DATA_MAX + 1);
        BENCH(b);

        cr_assert_eq(receive_stream(&b, 1, 0, "data"), 0);
        expect(&b, 2, 1);
        cr_expect_eq(spdy_send(b.spdy, 1, data, SPDY_DATA_MAX + 1), 0);
        expect(&b, 0, 1);
        cr_expect_eq(b.n_out, 9);
}

Test(spdy, reset_and_refused)
{
        BENCH(b);

        cr_assert_eq(receive_stream(&b, 1, 0, "data"), 0);
        expect(&b, 2, 1);
        cr_expect_eq(receive_numbers(&b, 3, 1, 5), 0);
        cr_expect_eq(spdy_send(b.spdy, 1, (const uint8_t *) "x", 1), 0);
        cr_expect_eq(b.n_out, 0);
        /* What was on its way when it was reset does no harm, but the window is the connection's. */
        cr_expect_eq(receive(&b, 1, 0, "late", 4), 0);
        expect(&b, 9, 0);
        b.refuses = true;
        cr_expect_eq(receive_stream(&b, 3, 0, "what"), 0);
        expect(&b, 2, 3);
        expect(&b, 3, 3);
        cr_expect_str_eq(b.log, "open 1 data;reset 1;open 3 what;");
        /* A pong is no ping. */
        cr_expect_eq(receive_numbers(&b, 6, 2, 0), 0);
        cr_expect_eq(b.n_out, 0);
        /* Of settings and windows, nothing follows; an unknown type is passed over. */
        cr_expect_eq(receive(&b, 0x80030004, 0, "\0\0\0\1\0\0\0\7\0\1\0\0", 12), 0);
        cr_expect_eq(receive_numbers(&b, 9, 0, 1), 0);
        cr_expect_eq(receive(&b, 0x80030063, 0, "?", 1), 0);
        cr_expect_eq(b.n_out, 0);
}

Test(spdy, there_are_not_too_many_streams)
{
        BENCH(b);

        for (uint32_t i = 0; i < SPDY_STREAMS_MAX; i++) {
                cr_assert_eq(receive_stream(&b, 2 * i + 1, 0, ""), 0);
                b.n_out = 0;
        }
        b.log[0] = 0;
        cr_expect_eq(receive_stream(&b, 2 * SPDY_STREAMS_MAX + 1, 0, ""), 0);
        expect(&b, 3, 2 * SPDY_STREAMS_MAX + 1);
        cr_expect_str_eq(b.log, "");
}

Test(spdy, after_goaway_nothing_is_opened)
{
        BENCH(b);

        cr_expect_eq(spdy_go_away(b.spdy, 0), 0);
        expect(&b, 7, 0);
        cr_expect_eq(receive_stream(&b, 1, 0, "late"), 0);
        cr_expect_str_eq(b.log, "");
        cr_expect_eq(b.n_out, 0);
}

Test(spdy, wrong_frames_end_the_connection)
{
        static const struct {
                uint32_t first;
                const char *body;
                size_t n;
        } cases[] = {
                { 0, "x", 1 },                              /* data of no stream */
                { 3, "x", 1 },                              /* of one that is not open yet */
                { 0x80020006, "\0\0\0\1", 4 },              /* another version */
                { 0x80030001, "\0\0\0\1", 4 },              /* too short */
                { 0x80030001, "\0\0\0\3\0\0\0\0\0\0no", 12 }, /* not compressed */
                { 0x80030002, "\0\0\0\1", 4 },
                { 0x80030003, "\0\0\0\1", 4 },
                { 0x80030004, "\0\0\0\2\0\0\0\7\0\1\0\0", 12 },
                { 0x80030006, "\0\0\0\1\0", 5 },
                { 0x80030007, "\0\0\0\1", 4 },
                { 0x80030008, "\0", 1 },
                { 0x80030009, "\0", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                BENCH(b);

                cr_assert_eq(receive_stream(&b, 1, 0, ""), 0);
                expect(&b, 2, 1);
                cr_expect_eq(receive(&b, cases[i].first, 0, cases[i].body, cases[i].n), -EBADMSG, "%zu", i);
                expect(&b, 7, MAX(spdy_get32(b.out + 8), (uint32_t) 1));
        }
}

Test(spdy, wrong_order_ends_the_connection)
{
        BENCH(b);
        BENCH(c);
        BENCH(d);

        cr_expect_eq(receive_stream(&b, 2, 0, "even"), -EBADMSG);
        cr_assert_eq(receive_stream(&c, 3, 0, "later"), 0);
        cr_expect_eq(receive_stream(&c, 1, 0, "earlier"), -EBADMSG);
        cr_assert_eq(receive_stream(&d, 1, 1, "ended"), 0);
        cr_expect_str_eq(d.log, "open 1 ended;end 1;");
        cr_expect_eq(receive(&d, 1, 0, "x", 1), -EBADMSG);
}

Test(spdy, a_frame_that_is_too_long_is_not_waited_for)
{
        uint8_t head[8] = { 0, 0, 0, 1, 0, 0xff, 0xff, 0xff };
        BENCH(b);

        cr_assert_eq(receive_stream(&b, 1, 0, ""), 0);
        cr_expect_eq(spdy_receive(b.spdy, head, sizeof(head)), -EBADMSG);
}
