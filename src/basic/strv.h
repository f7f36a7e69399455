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

/* Splits at each separator; empty pieces are dropped. */
int strv_split(const char *s, char separator, char ***ret);
char *strv_join(char *const *l, const char *separator);
void strv_sort(char **l);
/* Searches a sorted array of n strings. */
bool strv_sorted_contains(char *const *l, size_t n, const char *s);
/* Removes duplicates from a sorted array; returns how many strings are left. */
size_t strv_sorted_uniq(char **l);

/* Lists of "NAME=VALUE". Returns the value of name, or NULL. */
const char *strv_env_get(char *const *l, const char *name);
/* Sets name, replacing an existing entry of that name in place. */
int strv_env_set(char ***l, const char *name, const char *value);
/* The same for each of the others, NAME=VALUE, in time that hardly grows faster than they do. */
int strv_env_set_all(char ***l, char *const *others);
/* The first entry whose name is that of an earlier one; NULL: there is none. */
int strv_env_find_twice(char *const *l, const char **ret);
