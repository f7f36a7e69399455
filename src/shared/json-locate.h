/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Counted from 1, in characters; 0: not known. */
typedef struct JsonPlace {
        size_t line, column;
} JsonPlace;

/* Where a member is in a JSON text, by the path that the message of a JsonError begins with:
 * "apps[1].image.id". If the member does not exist, it is the place of the nearest enclosing one that does; whatever
 * follows the path in the message ("…: expected a string") is ignored. 0: not even the first member exists. The text
 * must have been parsed before. */
JsonPlace json_place_of(const char *text, size_t n, const char *path);
/* Only the line. */
size_t json_line_of(const char *text, size_t n, const char *path);
