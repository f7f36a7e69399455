/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/http-body.h"
#include "fetch/http-reply.h"

/* A persistent HTTP client: broken transfers are resumed with a range request, a busy server is asked again at the time
 * it named or after a while, redirects are followed, but credentials are not sent along. libcurl does the work, and
 * reads the proxy variables (http_proxy, https_proxy, no_proxy). Each Http may be used by only one thread at a time. */
typedef struct Http Http;

int http_new(Http **ret);
Http *http_free(Http *h);
DEFINE_TRIVIAL_CLEANUP_FUNC(Http *, http_free);

/* Where bodies go: a file or pipe, or memory. The body of an error goes to neither. */
typedef struct HttpSink {
        int fd;                 /* negative: memory */
        uint64_t at;            /* how far the body got: bytes before this offset are not wanted (any more) */
        uint64_t max;           /* -E2BIG beyond; 0: no limit */
        char *data;             /* NUL-terminated */
        size_t allocated;
} HttpSink;

typedef struct HttpRequest {
        const char *url;
        char **headers;         /* "Name: value"; they are not sent to another host */
        const char *form;       /* POST this */
        const HttpBody *body;   /* PUT this; only once, since the server may have taken a part of it */
        const char *method;     /* instead of PUT */
        bool bodiless;          /* what is asked for is in the head: 204 is a success */
        bool head;
        /* Sent over https only, and not to another host. */
        const char *user, *password;
        const char *bearer;
        const char *aws_region; /* instead, sign with user and password */
        const char *ca;         /* PEM, additional authorities to trust */
        bool insecure_tls;
        bool plain_http;        /* http:// is allowed, also in redirects */
        const char *validator;  /* ETag of the content whose beginning is in the sink */
        bool impatient;         /* do not retry after a first failure */
        bool first; /* the server has not answered yet: if it is unreachable, do not keep trying */
        bool document;          /* some servers compress it without being asked: decompress it */
        bool fixed;             /* the content never changes: resuming needs no validator */
} HttpRequest;

/* 0: there is a status, be it 200 or 404; the body of a success is in the sink. Otherwise: -ETIMEDOUT, -EHOSTUNREACH,
 * -ECONNREFUSED, -ECONNRESET, -EPROTO (TLS too), -EKEYREJECTED (the certificate is not valid), -ENOKEY (no authorities
 * are known), -EREMOTEIO (the server stays busy), -E2BIG, -EPIPE (the reader of the body is gone), -ESTALE (the content
 * has changed when resuming). Messages begin with the host. */
int http_perform(Http *h, const HttpRequest *request, HttpSink *sink, HttpReply *ret, char **reterr_message);
