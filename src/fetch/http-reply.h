/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <curl/curl.h>

#include "basic/strv.h"

typedef struct HttpReply {
        long status;
        char *content_type;     /* without parameters */
        char *digest;           /* Docker-Content-Digest */
        char *etag;
        char *last_modified;
        char *location;         /* a URL */
        char *range;            /* Range, of an upload: "0-99" */
        uint64_t chunk_min;     /* OCI-Chunk-Min-Length, of an upload: bytes; 0: any */
        char **challenges;      /* the WWW-Authenticate headers, one each */
        uint64_t max_age;       /* seconds */
        uint64_t retry_after;   /* seconds */
        bool redirected;        /* another host gave the final answer */
        char *text;             /* the beginning of the body of an unsuccessful status */
} HttpReply;

void http_reply_done(HttpReply *reply);
/* ": " and the reason in the server's own words, if it gave one in a form that can be displayed; else "". */
char *http_reply_reason(const HttpReply *reply);

/* The head of a response as libcurl keeps it: that of the last one, not of the redirects before it. */

/* The last header of the name; NULL: there is none that can be displayed. Libcurl owns it, until the next call. */
const char *http_header(CURL *curl, const char *name);
/* Fills in all but the status and the body. */
int http_reply_take(CURL *curl, HttpReply *reply);
