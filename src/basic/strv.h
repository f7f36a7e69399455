/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/string-util.h"

/* NULL-terminated arrays of strings; NULL is an empty one. */

#define STRV_FOREACH(s, l) for (char *const *s = (char *const *) (l); s && *s; s++)

char **strv_free(char **l);
DEFINE_TRIVIAL_CLEANUP_FUNC(char **, strv_free);
#define _cleanup_strv_free_ _cleanup_(strv_freep)

size_t strv_length(char *const *l);
bool strv_contains(char *const *l, const char *s);
char **strv_copy(char *const *l);

int strv_extend(char ***l, const char *s);
int strv_extendf(char ***l, const char *format, ...) _printf_(2, 3);
int strv_extend_strv(char ***l, char *const *other);
/* Takes ownership of s, also on failure. */
int strv_consume(char ***l, char *s);

/* Splits at each separator; empty pieces are kept out. */
int strv_split(const char *s, char separator, char ***ret);
char *strv_join(char *const *l, const char *separator);
void strv_sort(char **l);
/* In a sorted one of n strings. */
bool strv_sorted_contains(char *const *l, size_t n, const char *s);
/* Leaves one of each in a sorted one; returns how many there are then. */
size_t strv_sorted_uniq(char **l);

/* "NAME=VALUE" lists. The value of name, or NULL. */
const char *strv_env_get(char *const *l, const char *name);
/* Sets name, replacing an entry of that name where it stands. */
int strv_env_set(char ***l, const char *name, const char *value);
