/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "basic/strv.h"

/* Parses values of the headers of a reply. libcurl finds the headers (curl_easy_header(3)). */

/* The start of a Content-Range: "bytes 200-1000/67589". UINT64_MAX: none is given, so it cannot be the offset we asked
 * for. */
uint64_t http_parse_range_begin(const char *value);
/* The seconds to wait from the value of Retry-After, a count or a date (RFC 9110 10.2.3); 0: it has no useful value.
 * libcurl's own answer is at most six hours. */
uint64_t http_parse_retry_after(const char *value, time_t now);
/* The max-age of Cache-Control, in seconds; 0 also for no-store and no-cache. */
uint64_t http_parse_max_age(const char *value);

/* Splits one header into challenges: commas separate the challenges and their parameters, and occur in quoted
 * strings. */
int http_challenges_split(const char *value, char ***ret);
/* An authentication challenge (RFC 9110 11.6.1): the scheme, and one of its parameters. */
bool http_challenge_is(const char *challenge, const char *scheme);
/* -ENOENT: there is no such parameter. */
int http_challenge_parameter(const char *challenge, const char *name, char **ret);
