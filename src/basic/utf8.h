/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* How many bytes the character at s takes, of which there are n at most; 0 when it is none: too long a form, half a
 * surrogate pair, beyond U+10FFFF (RFC 3629, section 4). */
size_t utf8_length(const char *s, size_t n);

/* How many columns of a terminal the text takes. What is not UTF-8, or not printable, counts as a column a byte. */
size_t utf8_columns(const char *s);

/* Puts question marks in the place of control characters and of what is no UTF-8, for text of strangers that goes to
 * a terminal. */
void utf8_make_printable(char *s);
