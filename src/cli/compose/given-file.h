/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Reads a file that a user names: links are followed, but only a regular file is opened, since a FIFO would wait for
 * ever. Logs. */
int given_file_read(const char *path, size_t max, char **ret, size_t *ret_size);
