/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Errors that carry words. A function that knows more than an errno says takes `char **reterr_message` (NULL when
 * the caller does not care): on failure it holds one line of text without final dot, which the caller frees; each
 * level on the way up puts its own name before it, so that the verb prints "FILE: layer sha256:…: entry 'x/../y'
 * leaves the tree" once. On success it is left alone. */

/* Stores the text, replacing an earlier one. Returns -|error|. */
int explain(char **reterr_message, int error, const char *format, ...) _printf_(3, 4);

/* Puts "TEXT: " before what is there, or before the error's own text when nothing is. Returns -|error|. */
int explain_context(char **reterr_message, int error, const char *format, ...) _printf_(3, 4);
