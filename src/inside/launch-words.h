/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Files of words that end with a NUL each (see launch-places.h), for programs that link only libc. */

/* Returns the words, ended by NULL, which are never freed; there is room for `room` more after them. NULL: the file
 * cannot be read, and errno is set. */
char **launch_words_read(const char *path, size_t room, size_t *ret_n);
