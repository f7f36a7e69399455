/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "foreign/draft/foreign-read.h"

const char *foreign_read_error(int error)
{
        return error == -EINVAL ? "not a regular file" : strerror(-error);
}
