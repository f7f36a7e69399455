/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Splits a text into words as a shell does (POSIX, Shell Command Language 2.2), without variables: quotes of both
 * kinds, and backslashes. *ret is NULL if there are none. -EINVAL: a quote is not closed. */
int shell_words_split(const char *text, char ***ret);
/* The same for a line of a script, where a word that begins with '#' begins a comment. */
int shell_words_of_line(const char *line, char ***ret);

/* The words as a shell reads them, each in single quotes; NULL: out of memory. */
char *shell_words_join(char *const *words);
