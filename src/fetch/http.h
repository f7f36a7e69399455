/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* HTTP as a client that means to get what it asked for: transfers that break are gone on with by a range request, a
 * server that is busy is asked again when it said or after a while, redirects are followed, credentials never. libcurl
 * does it; the proxy variables (http_proxy, https_proxy, no_proxy) are read by it. Each Http belongs to one thread at a
 * time. */
typedef struct Http Http;

int http_new(Http **ret);
Http *http_free(Http *h);
DEFINE_TRIVIAL_CLEANUP_FUNC(Http *, http_free);

/* Where bodies go: a file or pipe, or memory. What a failing server says goes to neither. */
typedef struct HttpSink {
        int fd;                 /* negative: memory */
        uint64_t at;            /* how far the body got: bytes of it before that are not wanted (any more) */
        uint64_t max;           /* -E2BIG beyond; 0: no limit */
        char *data;             /* NUL-terminated */
        size_t allocated;
} HttpSink;

typedef struct HttpRequest {
        const char *url;
        char **headers;         /* "Name: value"; they do not go to another host */
        const char *form;       /* POST this */
        bool head;
        /* Sent over https only, and not to another host. */
        const char *user, *password;
        const char *bearer;
        const char *aws_region; /* sign with user and password instead */
        const char *ca;         /* PEM, more authorities to trust */
        bool insecure_tls;
        bool plain_http;        /* http:// is allowed, in redirects too */
        const char *validator;  /* ETag of what the sink has the beginning of */
        bool impatient;         /* a first failure is the last one */
        bool first; /* nothing has come from there yet: if nobody can be reached, it is no use to go on trying */
        bool document;          /* some servers compress it though nobody asks them to: to be undone */
        bool fixed;             /* the same bytes forever: going on needs no validator */
} HttpRequest;

typedef struct HttpReply {
        long status;
        char *content_type;     /* without parameters */
        char *digest;           /* Docker-Content-Digest */
        char *etag;
        char *last_modified;
        char **challenges;      /* WWW-Authenticate, one each */
        uint64_t max_age;       /* seconds */
        uint64_t retry_after;   /* seconds */
        bool redirected;        /* somebody else answered in the end */
        char *text;             /* the beginning of what came with a status that is no success */
} HttpReply;

void http_reply_done(HttpReply *reply);
/* ": " and the reason in the server's own words, where it gave one in a form that can be shown; else "". */
char *http_reply_reason(const HttpReply *reply);

/* 0: there is a status, be it 200 or 404; the body of a success is in the sink. Otherwise: -ETIMEDOUT, -EHOSTUNREACH,
 * -ECONNREFUSED, -ECONNRESET, -EPROTO (TLS too), -EKEYREJECTED (the certificate is not good), -ENOKEY (no authorities
 * are known), -EREMOTEIO (the server goes on being busy), -E2BIG, -EPIPE (nobody reads the body), -ESTALE (another
 * content came when going on). Messages begin with the host. */
int http_perform(Http *h, const HttpRequest *request, HttpSink *sink, HttpReply *ret, char **reterr_message);
