/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-table.h"
#include "basic/strv.h"

/* What a URL stands for that a client may connect to: once, within a minute. It is a file below STREAM_DIR, which only
 * root reads and which is named after the secret part of the URL, so that the service may end in between. */

#define STREAM_DIR "/run/podctl/cri/streams"
#define STREAM_TOKEN_LENGTH 32
#define STREAM_OFFER_SECONDS 60

typedef enum StreamWork {
        STREAM_EXEC,
        STREAM_ATTACH,
        STREAM_PORT_FORWARD,
        _STREAM_WORK_MAX,
        _STREAM_WORK_INVALID = -EINVAL,
} StreamWork;

typedef struct StreamRequest {
        StreamWork work;
        char *pod;   /* its UUID */
        char *app;   /* not of STREAM_PORT_FORWARD */
        char **argv; /* of STREAM_EXEC */
        bool tty, has_stdin, has_stdout, has_stderr;
        bool ends_stdin;  /* attach: the end of the client's input is that of the app's */
        uint32_t *ports;  /* that were told before; a client of SPDY names any */
        size_t n_ports;
        uint64_t offered; /* microseconds of the monotonic clock */
} StreamRequest;

/* "exec", as in URLs. */
DECLARE_STRING_TABLE(stream_work, StreamWork);

/* Writes the file, and removes those whose time is over. directory_fd: STREAM_DIR. */
int stream_offer(int directory_fd, const StreamRequest *request, char ret_token[static STREAM_TOKEN_LENGTH + 1]);
/* Reads the file and removes it. -ENOENT: there is none of that work, or its time is over, or somebody else took it. */
int stream_take(int directory_fd, StreamWork work, const char *token, StreamRequest *ret);
/* Whether somebody may still come. */
bool stream_is_offered(int directory_fd);

void stream_request_done(StreamRequest *r);
#define _cleanup_stream_request_ _cleanup_(stream_request_done)
