/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "basic/macro.h"
#include "fetch/http-body.h"

static size_t read_body(char *buffer, size_t one, size_t n, void *userdata)
{
        HttpBodyReader *reader = userdata;
        uint64_t left = reader->body->size - reader->at;
        ssize_t k;

        if (left == 0)
                return 0;
        k = pread(reader->body->fd, buffer, (size_t) MIN((uint64_t) n, left),
                  (off_t) (reader->body->from + reader->at));
        if (k <= 0) {
                reader->error = k < 0 ? -errno : -ENODATA;
                return CURL_READFUNC_ABORT;
        }
        reader->at += (uint64_t) k;
        return (size_t) k;
}

/* When it has to be sent once more, after a redirect. */
static int seek_body(void *userdata, curl_off_t offset, int origin)
{
        HttpBodyReader *reader = userdata;

        if (origin != SEEK_SET || offset < 0 || (uint64_t) offset > reader->body->size)
                return CURL_SEEKFUNC_CANTSEEK;
        reader->at = (uint64_t) offset;
        return CURL_SEEKFUNC_OK;
}

void http_body_set(CURL *curl, HttpBodyReader *reader)
{
        (void) curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        (void) curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t) reader->body->size);
        (void) curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_body);
        (void) curl_easy_setopt(curl, CURLOPT_READDATA, reader);
        (void) curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, seek_body);
        (void) curl_easy_setopt(curl, CURLOPT_SEEKDATA, reader);
        (void) curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
}
