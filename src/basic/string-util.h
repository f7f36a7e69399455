/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "basic/alloc.h"

#define streq(a, b) (strcmp((a), (b)) == 0)

static inline bool streq_ptr(const char *a, const char *b)
{
        return a && b ? streq(a, b) : a == b;
}

static inline bool isempty(const char *s)
{
        return !s || !*s;
}

static inline const char *strempty(const char *s)
{
        return s ?: "";
}

/* What follows the prefix, or NULL when s does not begin with it. */
const char *startswith(const char *s, const char *prefix);
/* Where the suffix begins, or NULL when s does not end with it. */
const char *endswith(const char *s, const char *suffix);

/* Concatenates all arguments up to NULL; returns NULL only when out of memory. */
char *strjoin_real(const char *first, ...) _sentinel_;
#define strjoin(...) strjoin_real(__VA_ARGS__, NULL)

/* printf into a new string; returns NULL only when out of memory. */
char *strprintf(const char *format, ...) _printf_(1, 2);
char *strvprintf(const char *format, va_list ap) _printf_(1, 0);

/* A string of n bytes that no NUL follows; returns NULL only when out of memory. (strndup(3) may look for a NUL.) */
char *string_from_bytes(const void *data, size_t n);

/* Splits s at the first occurrence of separator. The right half is NULL when there is none. */
int split_pair(const char *s, char separator, char **ret_left, char **ret_right);

bool string_is_ascii_printable(const char *s);
/* Turns s into one line of text that contains no terminal commands and cannot look like another message in the journal:
 * control characters become '?'. */
void string_make_plain(char *s);
/* Of ASCII. */
void string_to_upper(char *s);
/* True when every character of s occurs in allowed. */
bool string_in_charset(const char *s, const char *allowed);
/* Whether there is nothing before, between or behind separators, which splitting passes over. */
bool string_has_empty_part(const char *s, char separator);

#define LOWERCASE "abcdefghijklmnopqrstuvwxyz"
#define UPPERCASE "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define LOWERCASE_HEX DIGITS "abcdef"
