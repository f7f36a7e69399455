/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* What editors of some systems begin a text with. */
#define UTF8_MARK "\xef\xbb\xbf"

/* How many bytes the character at s takes, of the n bytes there; 0 when it is not valid: an overlong form, half a
 * surrogate pair, or beyond U+10FFFF (RFC 3629, section 4). */
size_t utf8_length(const char *s, size_t n);

/* Writes a character, in at most four bytes, and returns how many; 0: there is none of that number. */
size_t utf8_write(unsigned long character, char *to);

/* Whether all of the text is UTF-8, as documents in JSON have to be (RFC 8259, section 8.1). */
bool utf8_is_valid(const char *s);

/* Whether the character, of that length, is one that a terminal takes as a command, or that turns the text around it:
 * C0 and C1 controls, DEL, and Unicode's embeddings, overrides and isolates of direction (UAX #9). *ret is its
 * number. */
bool utf8_is_control(const char *s, size_t length, unsigned *ret);

/* How many columns of a terminal the text takes. Bytes that are not UTF-8, or not printable, count as a column each. */
size_t utf8_columns(const char *s);

/* Replaces such characters and invalid UTF-8 with question marks, for untrusted text that goes to a terminal. */
void utf8_make_printable(char *s);
