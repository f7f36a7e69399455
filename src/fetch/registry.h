/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "fetch/http.h"
#include "image/transport/fetch-protocol.h"

/* Registries: the OCI distribution specification 1.1 as a client that pulls, and Docker's token authentication
 * (distribution, spec/auth). The endpoints of a message are tried in their order, whichever error the one before gave.
 *
 * Tokens are kept for all threads; the Http is the caller's own. */

/* The body of what the message asks for goes into the sink, at whose position it begins. Errors are those of
 * fetcher_fetch(). */
int registry_fetch(Http *http, const FetchMessage *message, FetchKind kind, HttpSink *sink, FetchAnswer *answer,
                   char **reterr_message);

/* What a token service answers: {"token": …, "expires_in": SECONDS}. -EPROTO: there is no token in it that could be
 * sent. */
int registry_token_parse(const char *data, size_t n, char **ret, uint64_t *ret_lifetime, char **reterr_message);
