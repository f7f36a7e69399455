/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "cli/compose/given-file.h"

int given_file_read(const char *path, size_t max, char **ret, size_t *ret_size)
{
        int r = read_named_file(path, max, ret, ret_size);

        if (r == -EINVAL)
                return log_error_errno(r, "%s: not a regular file", path);
        return r < 0 ? log_error_errno(r, "%s: %m", path) : 0;
}
