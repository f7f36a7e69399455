/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Strict parsers of whole strings: no surrounding space, no trailing characters. -EINVAL: not a valid value. -ERANGE:
 * valid, but out of range. */

int parse_uint64(const char *s, uint64_t *ret);
int parse_int64(const char *s, int64_t *ret);
int parse_uint32(const char *s, uint32_t *ret);
/* File mode in octal, at most 07777. */
int parse_mode(const char *s, unsigned *ret);
/* 1/yes/y/true/t/on and 0/no/n/false/f/off. */
int parse_boolean(const char *s);
/* "10", "90s", "5m", "2h", "1d", "1h30m" and Go's "30m0s": seconds by default; the result in microseconds.
 * "0" is zero. */
int parse_duration(const char *s, uint64_t *ret_usec);
/* systemd's format, numbers and units with or without spaces between: "1min 30s", "1.5h", "2 weeks", or "infinity",
 * which is UINT64_MAX; seconds by default, the result in microseconds. */
int parse_time_span(const char *s, uint64_t *ret_usec);
/* "1048576", "512K", "20M", "10G", "1T", also written "10Gi" or "10GiB": bytes, in powers of 1024.
 * "infinity" is UINT64_MAX. */
int parse_size(const char *s, uint64_t *ret);
