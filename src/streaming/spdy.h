/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The server's side of SPDY/3.1 (draft-mbelshe-httpbis-spdy-00 with the windows of 3.1), as far as the clients of
 * Kubernetes speak it: they open streams, and both sides send data on them. It knows frames, not sockets. What a client
 * sends is acknowledged by WINDOW_UPDATE when it was taken; windows for what it gets are not kept, since no client of
 * Kubernetes tells any (moby/spdystream has none): the connection itself is what slows us down. */

/* More at the same time are refused. */
#define SPDY_STREAMS_MAX 512U
/* Of a frame that a client sends. */
#define SPDY_FRAME_MAX (1024U * 1024)
/* In a frame of ours. */
#define SPDY_DATA_MAX 32768U

enum {
        SPDY_PROTOCOL_ERROR = 1,
        SPDY_INVALID_STREAM = 2,
        SPDY_REFUSED_STREAM = 3,
        SPDY_CANCEL = 5,
};

typedef struct Spdy Spdy;

typedef struct SpdyEvents {
        /* Bytes for the client. */
        int (*write)(const uint8_t *data, size_t n, void *userdata);
        /* A new stream; negative: it is refused. */
        int (*on_open)(uint32_t stream, char *const *headers, void *userdata);
        void (*on_data)(uint32_t stream, const uint8_t *data, size_t n, void *userdata);
        /* Nothing more comes on it; reset: and nothing more is taken. */
        void (*on_end)(uint32_t stream, bool reset, void *userdata);
} SpdyEvents;

int spdy_new(const SpdyEvents *events, void *userdata, Spdy **ret);
Spdy *spdy_free(Spdy *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(Spdy *, spdy_free);

/* Bytes of the client, in any pieces. -EBADMSG: they are not SPDY; -ENOMEM. Then a GOAWAY was sent, and the connection
 * is over. */
int spdy_receive(Spdy *s, const uint8_t *data, size_t n);
/* For streams that are open on our side; otherwise these do nothing. */
int spdy_send(Spdy *s, uint32_t stream, const uint8_t *data, size_t n);
int spdy_end(Spdy *s, uint32_t stream);
int spdy_reset(Spdy *s, uint32_t stream, uint32_t status);
/* The answer is not waited for. */
int spdy_ping(Spdy *s);
/* Nothing new is accepted. */
int spdy_go_away(Spdy *s, uint32_t status);
