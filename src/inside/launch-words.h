/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Files of words that end with a NUL each (see launch-places.h), for programs that link nothing but libc. */

/* The words, ended by NULL, which stay for as long as the process does; there is room for `room` more behind them.
 * NULL: cannot be read, errno says why. */
char **launch_words_read(const char *path, size_t room, size_t *ret_n);
