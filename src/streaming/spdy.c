/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "streaming/spdy-bytes.h"
#include "streaming/spdy-header.h"
#include "streaming/spdy.h"

#define HEAD_SIZE 8U
#define CONTROL (UINT32_C(1) << 31)
#define VERSION 3U
#define STREAM_MASK (CONTROL - 1)
#define FLAG_FIN 1U
#define FLAG_UNIDIRECTIONAL 2U

enum {
        SYN_STREAM = 1,
        SYN_REPLY = 2,
        RST_STREAM = 3,
        SETTINGS = 4,
        PING = 6,
        GOAWAY = 7,
        HEADERS = 8,
        WINDOW_UPDATE = 9,
        _FRAME_MAX,
};

typedef struct Stream {
        uint32_t id;
        bool theirs_ended, ours_ended;
} Stream;

struct Spdy {
        SpdyEvents events;
        void *userdata;
        SpdyInflate *in;
        SpdyDeflate *out;
        Stream *streams;
        size_t n_streams, allocated_streams;
        uint32_t last; /* the highest that the client has opened */
        bool gone;     /* one of both sides has said so */
        uint8_t *pending; /* the beginning of a frame */
        size_t n_pending, allocated_pending;
};

typedef struct Frame {
        uint8_t flags;
        const uint8_t *body;
        size_t n;
} Frame;

int spdy_new(const SpdyEvents *events, void *userdata, Spdy **ret)
{
        _cleanup_(spdy_freep) Spdy *s = new0(Spdy, 1);
        int r;

        if (!s)
                return -ENOMEM;
        s->events = *events;
        s->userdata = userdata;
        r = spdy_inflate_new(&s->in);
        if (r < 0)
                return r;
        r = spdy_deflate_new(&s->out);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(s);
        return 0;
}

Spdy *spdy_free(Spdy *s)
{
        if (!s)
                return NULL;
        spdy_inflate_free(s->in);
        spdy_deflate_free(s->out);
        free(s->streams);
        free(s->pending);
        return mfree(s);
}

/* Writing */

static int write_head(Spdy *s, uint32_t first, uint8_t flags, size_t n)
{
        uint8_t head[HEAD_SIZE];

        spdy_put32(head, first);
        spdy_put32(head + 4, (uint32_t) n);
        head[4] = flags;
        return s->events.write(head, sizeof(head), s->userdata);
}

static int write_control(Spdy *s, unsigned type, const uint8_t *body, size_t n)
{
        int r = write_head(s, CONTROL | VERSION << 16 | type, 0, n);

        return r < 0 ? r : s->events.write(body, n, s->userdata);
}

static int write_numbers(Spdy *s, unsigned type, uint32_t first, uint32_t second)
{
        uint8_t body[8];

        spdy_put32(body, first);
        spdy_put32(body + 4, second);
        return write_control(s, type, body, sizeof(body));
}

static int write_reply(Spdy *s, uint32_t stream)
{
        _cleanup_free_ uint8_t *block = NULL, *body = NULL;
        size_t n;
        int r = spdy_headers_write(s->out, NULL, &block, &n);

        if (r < 0)
                return r;
        body = malloc(4 + n);
        if (!body)
                return -ENOMEM;
        spdy_put32(body, stream);
        memcpy(body + 4, block, n);
        return write_control(s, SYN_REPLY, body, 4 + n);
}

/* Streams */

static Stream *find_stream(const Spdy *s, uint32_t id)
{
        for (size_t i = 0; i < s->n_streams; i++)
                if (s->streams[i].id == id)
                        return &s->streams[i];
        return NULL;
}

static void forget_stream(Spdy *s, Stream *stream)
{
        *stream = s->streams[--s->n_streams];
}

static void forget_if_over(Spdy *s, uint32_t id)
{
        Stream *stream = find_stream(s, id);

        if (stream && stream->theirs_ended && stream->ours_ended)
                forget_stream(s, stream);
}

static void end_theirs(Spdy *s, uint32_t id)
{
        Stream *stream = find_stream(s, id);

        if (!stream || stream->theirs_ended)
                return;
        stream->theirs_ended = true;
        s->events.on_end(id, false, s->userdata);
        forget_if_over(s, id);
}

int spdy_send(Spdy *s, uint32_t id, const uint8_t *data, size_t n)
{
        const Stream *stream = find_stream(s, id);
        int r = 0;

        if (!stream || stream->ours_ended)
                return 0;
        while (r >= 0 && n > 0) {
                size_t k = MIN(n, SPDY_DATA_MAX);

                r = write_head(s, id, 0, k);
                if (r >= 0)
                        r = s->events.write(data, k, s->userdata);
                data += k;
                n -= k;
        }
        return r;
}

int spdy_end(Spdy *s, uint32_t id)
{
        Stream *stream = find_stream(s, id);

        if (!stream || stream->ours_ended)
                return 0;
        stream->ours_ended = true;
        forget_if_over(s, id);
        return write_head(s, id, FLAG_FIN, 0);
}

int spdy_reset(Spdy *s, uint32_t id, uint32_t status)
{
        Stream *stream = find_stream(s, id);

        if (!stream)
                return 0;
        forget_stream(s, stream);
        return write_numbers(s, RST_STREAM, id, status);
}

/* Even ones are the server's. */
int spdy_ping(Spdy *s)
{
        return write_control(s, PING, (const uint8_t[]) { 0, 0, 0, 2 }, 4);
}

int spdy_go_away(Spdy *s, uint32_t status)
{
        s->gone = true;
        return write_numbers(s, GOAWAY, s->last, status);
}

/* Reading */

static int add_stream(Spdy *s, uint32_t id, uint8_t flags)
{
        if (ARRAY_GROW(s->streams, s->allocated_streams, s->n_streams, 1) < 0)
                return -ENOMEM;
        s->streams[s->n_streams++] = (Stream) { .id = id, .ours_ended = flags & FLAG_UNIDIRECTIONAL };
        return 0;
}

/* The reply comes first: what happens when it is open may send something already. */
static int open_stream(Spdy *s, uint32_t id, uint8_t flags, char *const *headers)
{
        int r = add_stream(s, id, flags);

        if (r >= 0)
                r = write_reply(s, id);
        if (r < 0)
                return r;
        if (s->events.on_open(id, headers, s->userdata) < 0)
                return spdy_reset(s, id, SPDY_REFUSED_STREAM);
        if (flags & FLAG_FIN)
                end_theirs(s, id);
        return 0;
}

static int take_syn_stream(Spdy *s, const Frame *f)
{
        _cleanup_strv_free_ char **headers = NULL;
        uint32_t id;
        int r;

        if (f->n < 10)
                return -EBADMSG;
        id = spdy_get32(f->body) & STREAM_MASK;
        /* Also of those that are refused: the state of zlib goes on. */
        r = spdy_headers_read(s->in, f->body + 10, f->n - 10, &headers);
        if (r < 0)
                return r;
        if (id % 2 == 0 || id <= s->last)
                return -EBADMSG;
        s->last = id;
        if (s->gone)
                return 0;
        if (s->n_streams >= SPDY_STREAMS_MAX)
                return write_numbers(s, RST_STREAM, id, SPDY_REFUSED_STREAM);
        return open_stream(s, id, f->flags, headers);
}

/* We open none. */
static int take_syn_reply(Spdy *s, const Frame *f)
{
        return -EBADMSG;
}

static int take_rst_stream(Spdy *s, const Frame *f)
{
        Stream *stream;
        uint32_t id;

        if (f->n != 8)
                return -EBADMSG;
        id = spdy_get32(f->body) & STREAM_MASK;
        stream = find_stream(s, id);
        if (!stream)
                return 0;
        forget_stream(s, stream);
        s->events.on_end(id, true, s->userdata);
        return 0;
}

/* None of them says something that we would do in another way. */
static int take_settings(Spdy *s, const Frame *f)
{
        return f->n >= 4 && (f->n - 4) % 8 == 0 && spdy_get32(f->body) == (f->n - 4) / 8 ? 0 : -EBADMSG;
}

/* The odd ones are the client's, and want an answer. */
static int take_ping(Spdy *s, const Frame *f)
{
        if (f->n != 4)
                return -EBADMSG;
        return spdy_get32(f->body) % 2 == 1 ? write_control(s, PING, f->body, f->n) : 0;
}

static int take_goaway(Spdy *s, const Frame *f)
{
        if (f->n != 8)
                return -EBADMSG;
        s->gone = true;
        return 0;
}

static int take_headers(Spdy *s, const Frame *f)
{
        _cleanup_strv_free_ char **headers = NULL;
        int r;

        if (f->n < 4)
                return -EBADMSG;
        r = spdy_headers_read(s->in, f->body + 4, f->n - 4, &headers);
        if (r >= 0 && f->flags & FLAG_FIN)
                end_theirs(s, spdy_get32(f->body) & STREAM_MASK);
        return r;
}

static int take_window_update(Spdy *s, const Frame *f)
{
        return f->n == 8 ? 0 : -EBADMSG;
}

static int (*const takers[_FRAME_MAX])(Spdy *s, const Frame *f) = {
        [SYN_STREAM] = take_syn_stream,
        [SYN_REPLY] = take_syn_reply,
        [RST_STREAM] = take_rst_stream,
        [SETTINGS] = take_settings,
        [PING] = take_ping,
        [GOAWAY] = take_goaway,
        [HEADERS] = take_headers,
        [WINDOW_UPDATE] = take_window_update,
};

/* Of the stream, and of stream 0, the whole connection. */
static int widen_windows(Spdy *s, uint32_t id, size_t n)
{
        int r = n > 0 ? write_numbers(s, WINDOW_UPDATE, 0, (uint32_t) n) : 0;

        return r >= 0 && n > 0 && find_stream(s, id) ? write_numbers(s, WINDOW_UPDATE, id, (uint32_t) n) : r;
}

static int take_data(Spdy *s, uint32_t id, const Frame *f)
{
        const Stream *stream = find_stream(s, id);

        /* One that we have reset may still send what was on its way. */
        if (id == 0 || id > s->last)
                return -EBADMSG;
        if (stream && stream->theirs_ended)
                return -EBADMSG;
        if (stream && f->n > 0)
                s->events.on_data(id, f->body, f->n, s->userdata);
        if (f->flags & FLAG_FIN)
                end_theirs(s, id);
        return widen_windows(s, id, f->n);
}

/* An unknown type is passed over (section 2.2.1). */
static int take_frame(Spdy *s, uint32_t first, const Frame *f)
{
        unsigned type = first & 0xffff;

        if (!(first & CONTROL))
                return take_data(s, first, f);
        if ((first >> 16 & 0x7fff) != VERSION)
                return -EBADMSG;
        return type < _FRAME_MAX && takers[type] ? takers[type](s, f) : 0;
}

/* Returns how many bytes were taken, 0: the frame is not complete. */
static ssize_t take_bytes(Spdy *s, const uint8_t *data, size_t n)
{
        Frame f;
        int r;

        if (n < HEAD_SIZE)
                return 0;
        f = (Frame) { data[4], data + HEAD_SIZE, spdy_get32(data + 4) & 0xffffff };
        if (f.n > SPDY_FRAME_MAX)
                return -EBADMSG;
        if (n - HEAD_SIZE < f.n)
                return 0;
        r = take_frame(s, spdy_get32(data), &f);
        return r < 0 ? r : (ssize_t) (HEAD_SIZE + f.n);
}

static int take_all(Spdy *s, const uint8_t *data, size_t n, size_t *ret_taken)
{
        for (*ret_taken = 0;;) {
                ssize_t k = take_bytes(s, data + *ret_taken, n - *ret_taken);

                if (k <= 0)
                        return (int) k;
                *ret_taken += (size_t) k;
        }
}

int spdy_receive(Spdy *s, const uint8_t *data, size_t n)
{
        size_t taken;
        int r;

        if (n == 0)
                return 0;
        if (ARRAY_GROW(s->pending, s->allocated_pending, s->n_pending, n) < 0)
                return -ENOMEM;
        memcpy(s->pending + s->n_pending, data, n);
        s->n_pending += n;
        r = take_all(s, s->pending, s->n_pending, &taken);
        if (r < 0) {
                (void) spdy_go_away(s, SPDY_PROTOCOL_ERROR);
                return r == -ENOMEM ? r : -EBADMSG;
        }
        s->n_pending -= taken;
        if (s->n_pending > 0 && taken > 0)
                memmove(s->pending, s->pending + taken, s->n_pending);
        return 0;
}
