/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "streaming/websocket.h"

typedef struct Bench {
        Websocket *websocket;
        uint8_t out[4096];
        size_t n_out;
        char log[256];
        int answer;
} Bench;

static int on_write(const uint8_t *data, size_t n, void *userdata)
{
        Bench *b = userdata;

        cr_assert_leq(n, sizeof(b->out) - b->n_out);
        memcpy(b->out + b->n_out, data, n);
        b->n_out += n;
        return 0;
}

static int on_message(const uint8_t *data, size_t n, void *userdata)
{
        Bench *b = userdata;
        size_t at = strlen(b->log);

        (void) snprintf(b->log + at, sizeof(b->log) - at, "%.*s;", (int) n, (const char *) data);
        return b->answer;
}

static void bench_new(Bench *b)
{
        *b = (Bench) {};
        cr_assert_eq(websocket_new(&(WebsocketEvents) { on_write, on_message }, b, &b->websocket), 0);
}

static void bench_done(Bench *b)
{
        websocket_free(b->websocket);
}

#define BENCH(b)                                                                                               \
        _cleanup_(bench_done) Bench b;                                                                         \
        bench_new(&b)

/* A short frame; of the mask, every byte is the same. */
static int receive(Bench *b, uint8_t first, const char *text)
{
        uint8_t frame[256] = { first, 0x80 | (uint8_t) strlen(text), 0x55, 0x55, 0x55, 0x55 };

        for (size_t i = 0; text[i]; i++)
                frame[6 + i] = (uint8_t) text[i] ^ 0x55;
        return websocket_receive(b->websocket, frame, 6 + strlen(text));
}

/* RFC 6455, section 1.3. */
Test(websocket, handshake)
{
        _cleanup_free_ char *accept = websocket_accept("dGhlIHNhbXBsZSBub25jZQ==");

        cr_expect_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

Test(websocket, messages_come_whole)
{
        static const uint8_t piece[] = { 0x82, 0x82, 0, 0, 0, 0, 'h', 'i' };
        BENCH(b);

        cr_expect_eq(receive(&b, 0x82, "one"), 0);
        cr_expect_eq(receive(&b, 0x02, "tw"), 0);
        /* A ping may come in between, and is answered. */
        cr_expect_eq(receive(&b, 0x89, "p"), 0);
        cr_expect_eq(memcmp(b.out, "\x8a\1p", 3), 0);
        cr_expect_eq(receive(&b, 0x80, "o"), 0);
        for (size_t i = 0; i < sizeof(piece); i++)
                cr_expect_eq(websocket_receive(b.websocket, piece + i, 1), 0);
        cr_expect_str_eq(b.log, "one;two;hi;");
}

Test(websocket, messages_are_sent)
{
        BENCH(b);

        cr_expect_eq(websocket_send(b.websocket, (const uint8_t *) "\1", 1, (const uint8_t *) "text", 4), 0);
        cr_expect_eq(websocket_send(b.websocket, (const uint8_t *) "\2", 1, NULL, 0), 0);
        cr_expect_eq(b.n_out, 10);
        cr_expect_eq(memcmp(b.out, "\x82\5\1text\x82\1\2", 10), 0);
}

Test(websocket, close_of_either_side)
{
        BENCH(b);
        BENCH(c);

        cr_expect_eq(websocket_close(b.websocket, WEBSOCKET_NORMAL), 0);
        cr_expect_eq(memcmp(b.out, "\x88\2\3\xe8", 4), 0);
        cr_expect_eq(websocket_send(b.websocket, NULL, 0, (const uint8_t *) "late", 4), 0);
        cr_expect_eq(websocket_close(b.websocket, WEBSOCKET_NORMAL), 0);
        cr_expect_eq(b.n_out, 4);

        cr_expect_eq(receive(&c, 0x88, "\3\xe8"), -ECONNRESET);
        cr_expect_eq(memcmp(c.out, "\x88\2\3\xe8", 4), 0);
}

/* Each ends with a close that says so. */
Test(websocket, what_is_wrong)
{
        static const struct {
                uint8_t first;
                const char *text;
        } cases[] = {
                { 0x81, "text" },  /* another kind of message */
                { 0xc2, "bits" },  /* reserved ones */
                { 0x83, "opcode" },
                { 0x80, "alone" }, /* goes on with nothing */
        };
        static const uint8_t huge[] = { 0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0 };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                BENCH(b);

                cr_expect_eq(receive(&b, cases[i].first, cases[i].text), -EBADMSG, "%zu", i);
                cr_expect_eq(b.out[0], 0x88, "%zu", i);
                cr_expect_str_eq(b.log, "");
        }
        BENCH(b);
        BENCH(c);

        cr_expect_eq(websocket_receive(b.websocket, huge, sizeof(huge)), -EBADMSG);
        cr_expect_eq(b.out[0], 0x88);
        c.answer = -EBADMSG;
        cr_expect_eq(receive(&c, 0x82, "x"), -EBADMSG);
        cr_expect_eq(c.out[0], 0x88);
}

Test(websocket, a_client_masks_its_frames)
{
        BENCH(b);

        cr_expect_eq(websocket_receive(b.websocket, (const uint8_t *) "\x82\2hi", 4), -EBADMSG);
        cr_expect_str_eq(b.log, "");
}
