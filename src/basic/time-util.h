/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <time.h>

#include "basic/macro.h"

#define USEC_PER_SEC 1000000ULL
#define NSEC_PER_SEC 1000000000ULL
#define NSEC_PER_USEC 1000ULL

/* Wall clock, nanoseconds since the epoch. */
uint64_t now_nsec(void);
/* A clock that is never set, for measuring. */
uint64_t now_monotonic_usec(void);
uint64_t timespec_to_nsec(const struct timespec *ts);

/* RFC 3339 date-time, with 'T' or 't' and a zone. -EINVAL when it is not one. */
int parse_timestamp(const char *s, uint64_t *ret_nsec);

/* "2 hours ago", as rkt's list prints it. */
#define TIME_STRING_MAX 64
const char *format_time_ago(uint64_t nsec, uint64_t now, char buffer[static TIME_STRING_MAX]);
/* "2016-01-02 15:04:05.999 +0000 UTC", local time. */
const char *format_time_full(uint64_t nsec, char buffer[static TIME_STRING_MAX]);
