/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-protocol.h"

/* The beginning of a connection, HTTP/1.1 by libmicrohttpd: who asks for /WORK/TOKEN and can agree on a protocol takes
 * the request, and the socket is no HTTP any more. Everybody else gets an answer of HTTP, and the socket is closed. */

typedef struct StreamHandshake {
        int directory_fd;       /* the caller's: STREAM_DIR */
        struct MHD_Daemon *daemon;
        struct MHD_UpgradeResponseHandle *handle; /* of the library's side of the socket */
        const StreamProtocol *protocol;
        StreamRequest request;
        int fd;
        void *early; /* bytes that the client has sent already */
        size_t n_early;
        bool over;
} StreamHandshake;

/* Takes over the socket. Returns when it is known; h->fd is negative if there is nothing more to do. */
int stream_handshake_run(StreamHandshake *h, int fd);
void stream_handshake_done(StreamHandshake *h);
