/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* How many bytes the character at s takes, of the n bytes there; 0 when it is not valid: an overlong form, half a
 * surrogate pair, or beyond U+10FFFF (RFC 3629, section 4). */
size_t utf8_length(const char *s, size_t n);

/* How many columns of a terminal the text takes. Bytes that are not UTF-8, or not printable, count as a column each. */
size_t utf8_columns(const char *s);

/* Replaces control characters and invalid UTF-8 with question marks, for untrusted text that goes to a terminal. */
void utf8_make_printable(char *s);
