/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/http.h"
#include "image/transport/fetch-protocol.h"

/* Registries: a client that pulls by the OCI distribution specification 1.1, with Docker's token authentication
 * (distribution, spec/auth). The endpoints of a message are tried in order, whatever the error of the previous one.
 *
 * Tokens are shared by all threads; each caller has its own Http. */

/* The body of the requested object goes into the sink, and begins at the sink's position. Errors are those of
 * fetcher_fetch(). */
int registry_fetch(Http *http, const FetchMessage *message, FetchKind kind, HttpSink *sink, FetchAnswer *answer,
                   char **reterr_message);

/* Parses the answer of a token service: {"token": …, "expires_in": SECONDS}. -EPROTO: it contains no usable token. */
int registry_token_parse(const char *data, size_t n, char **ret, uint64_t *ret_lifetime, char **reterr_message);
