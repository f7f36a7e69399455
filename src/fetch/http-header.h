/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "basic/strv.h"

/* The head of a reply, line by line as libcurl hands it out, those of redirects first. */
typedef struct HttpHeaders {
        char *content_type;     /* without parameters */
        char *digest;           /* Docker-Content-Digest */
        char *etag;
        char *last_modified;
        char **challenges;
        uint64_t range_begin;   /* of Content-Range */
        uint64_t retry_after;   /* seconds */
        uint64_t max_age;
} HttpHeaders;

/* A line with its end, not terminated by NUL; a status line begins a new head and forgets the last one. */
int http_headers_add(HttpHeaders *h, const char *line, size_t n);
void http_headers_done(HttpHeaders *h);

/* Seconds to wait from the value of Retry-After, a count or a date (RFC 9110 10.2.3); 0: it says nothing of use. */
uint64_t http_parse_retry_after(const char *value, time_t now);
/* Seconds from Cache-Control; 0 also for no-store and no-cache. */
uint64_t http_parse_max_age(const char *value);

/* The challenges of one header: commas are between them, between their parameters and in quoted strings. */
int http_challenges_split(const char *value, char ***ret);
/* An authentication challenge (RFC 9110 11.6.1): the scheme, and one of its parameters. */
bool http_challenge_is(const char *challenge, const char *scheme);
/* -ENOENT: it has no such parameter. */
int http_challenge_parameter(const char *challenge, const char *name, char **ret);
