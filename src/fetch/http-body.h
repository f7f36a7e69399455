/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>
#include <inttypes.h>

/* What is sent: a part of a file, wherever its own offset is. It can be sent several times at once. */
typedef struct HttpBody {
        int fd;
        uint64_t from;
        uint64_t size;
} HttpBody;

/* How far it is. */
typedef struct HttpBodyReader {
        const HttpBody *body;
        uint64_t at;
        int error;              /* of reading the file */
} HttpBodyReader;

/* Makes the next request a PUT of it. The reader lives until that is done. */
void http_body_set(CURL *curl, HttpBodyReader *reader);
