/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "inside/stdio-kind.h"

bool stdio_kind_read(const char *word, size_t n, StdioKind *ret)
{
        static const char *const names[_STDIO_KIND_MAX] = {
                [STDIO_IS_NULL] = STDIO_NULL,
                [STDIO_IS_LOG] = STDIO_LOG,
                [STDIO_IS_STREAM] = STDIO_STREAM,
                [STDIO_IS_TTY] = STDIO_TTY,
        };

        for (int i = 0; i < _STDIO_KIND_MAX; i++)
                if (strlen(names[i]) == n && strncmp(names[i], word, n) == 0) {
                        *ret = (StdioKind) i;
                        return true;
                }
        return false;
}
