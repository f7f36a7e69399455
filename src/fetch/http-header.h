/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <time.h>

#include "basic/strv.h"

/* Values of the headers of a reply. Finding these is libcurl's (curl_easy_header(3)). */

/* Of Content-Range: "bytes 200-1000/67589". UINT64_MAX: what does not say where it begins begins nowhere we asked
 * for. */
uint64_t http_parse_range_begin(const char *value);
/* Seconds to wait from the value of Retry-After, a count or a date (RFC 9110 10.2.3); 0: it says nothing of use.
 * libcurl's own answer is six hours at most. */
uint64_t http_parse_retry_after(const char *value, time_t now);
/* Seconds from Cache-Control; 0 also for no-store and no-cache. */
uint64_t http_parse_max_age(const char *value);

/* The challenges of one header: commas are between them, between their parameters and in quoted strings. */
int http_challenges_split(const char *value, char ***ret);
/* An authentication challenge (RFC 9110 11.6.1): the scheme, and one of its parameters. */
bool http_challenge_is(const char *challenge, const char *scheme);
/* -ENOENT: it has no such parameter. */
int http_challenge_parameter(const char *challenge, const char *name, char **ret);
