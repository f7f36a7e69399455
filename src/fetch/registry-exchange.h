/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/http.h"
#include "image/transport/fetch-protocol.h"

/* Requests to one endpoint of a registry, with the tokens that it asks for (distribution, spec/auth), which all threads
 * share. */

/* What is asked of this process. */
typedef struct RegistryJob {
        Http *http;
        const FetchMessage *message;
        FetchKind kind;
        HttpSink *sink;         /* what is fetched goes there, from its position on */
        int fd;                 /* what is pushed is read from there */
        FetchOutcome outcome;
} RegistryJob;

/* One endpoint to do it at. */
typedef struct Exchange {
        Http *http;
        const FetchEndpoint *endpoint;
        const char *base;       /* the endpoint's URL, or the plain one */
        const char *repository;
        const char *key;        /* the cache key of its token */
        const char *scope;      /* what the token has to be for; NULL: what the registry says, or else pulling */
        bool secret;            /* nobody else can read what is sent */
        bool probing;           /* it is not yet known whether the endpoint speaks TLS */
        bool has_next;          /* there is another endpoint to try */
} Exchange;

/* Performs the request as it is, with what the endpoint demands: without credentials, unless it goes to the endpoint
 * itself. It is repeated with a token when one is required, with a new token when the old one has become invalid, and
 * again when a redirect's URL has expired. 0: it was a success, which is 201 or 202 only where something
 * was sent. -ENOENT, -EACCES, -EROFS (405), -EFBIG (413), -ERANGE (416 to what was sent),
 * -EPROTO, and the errors of http_perform(). */
int exchange_request(const Exchange *x, const HttpRequest *wish, HttpSink *sink, HttpReply *ret,
                     char **reterr_message);

/* Parses the answer of a token service: {"token": …, "expires_in": SECONDS}. -EPROTO: it contains no usable token. */
int registry_token_parse(const char *data, size_t n, char **ret, uint64_t *ret_lifetime, char **reterr_message);
