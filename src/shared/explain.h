/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/log.h"

/* Errors with a message. A function that knows more than an errno says takes `char **reterr_message` (NULL when the
 * caller does not need it): on failure it holds one line of text without a final full stop, which the caller frees;
 * each level on the way up puts its own name before it, so that the verb prints "FILE: layer sha256:…: entry 'x/../y'
 * leaves the tree" once. On success it is left alone. */

/* Stores the text, replacing an earlier one. Returns -|error|. */
int explain(char **reterr_message, int error, const char *format, ...) _printf_(3, 4);

/* The same, for a message that is logged as it is when its turn comes, and so says all. */
#define explain_line(reterr_message, error, ...) explain(reterr_message, error, __VA_ARGS__)

/* Puts "TEXT: " before the existing message, or before the error's own text when there is none. Returns -|error|. */
int explain_context(char **reterr_message, int error, const char *format, ...) _printf_(3, 4);

/* Stores "TEXT: " and the error's own text, unless a function further down has stored a message. Returns -|error|. */
int explain_unless_told(char **reterr_message, int error, const char *text);

/* The message, or the error's own text if there is none. */
const char *explained(const char *message, int error);

/* The end of the way up: logs the message as it is; if there is none, logs the format followed by the error's own text.
 * Returns -|error|. */
#define log_explained(error, message, format, ...)                                                             \
        ((message) ? log_error_errno(error, "%s", message)                                                     \
                   : log_error_errno(error, format ": %m" __VA_OPT__(,) __VA_ARGS__))
