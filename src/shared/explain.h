/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/log.h"

/* Errors that carry words. A function that knows more than an errno says takes `char **reterr_message` (NULL when
 * the caller does not care): on failure it holds one line of text without final dot, which the caller frees; each
 * level on the way up puts its own name before it, so that the verb prints "FILE: layer sha256:…: entry 'x/../y'
 * leaves the tree" once. On success it is left alone. */

/* Stores the text, replacing an earlier one. Returns -|error|. */
int explain(char **reterr_message, int error, const char *format, ...) _printf_(3, 4);

/* Puts "TEXT: " before what is there, or before the error's own text when nothing is. Returns -|error|. */
int explain_context(char **reterr_message, int error, const char *format, ...) _printf_(3, 4);

/* Stores "TEXT: " and the error's own text, unless somebody further down has explained it. Returns -|error|. */
int explain_unless_told(char **reterr_message, int error, const char *text);

/* The message, or the error's own text where there is none. */
const char *explained(const char *message, int error);

/* Where the story ends: logs the message as it is; the format, with the error's own text behind it, where there is
 * none. Returns -|error|. */
#define log_explained(error, message, format, ...)                                                             \
        ((message) ? log_error_errno(error, "%s", message)                                                     \
                   : log_error_errno(error, format ": %m" __VA_OPT__(,) __VA_ARGS__))
