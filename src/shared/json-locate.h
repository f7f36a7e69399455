/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The line, from 1 on, in which a member of a JSON text stands, by the path that a JsonError begins its message with:
 * "apps[1].image.id". The member itself, or the nearest of those it is within that is there; what follows the path in
 * the text ("…: expected a string") is passed over. 0: not even its first member is there. The text must have been
 * parsed before. */
size_t json_line_of(const char *text, size_t n, const char *path);
