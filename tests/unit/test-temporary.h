/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <criterion/criterion.h>

#include "basic/fs.h"

/* A fresh directory, opened; removed by temporary_done(). */
typedef struct Temporary {
        char path[32];
        int fd;
} Temporary;

static inline Temporary temporary_new(void)
{
        Temporary t = { .path = "/var/tmp/podctl-test-XXXXXX" };

        cr_assert(mkdtemp(t.path));
        t.fd = open_directory_at(AT_FDCWD, t.path);
        cr_assert_geq(t.fd, 0);
        return t;
}

static inline void temporary_done(Temporary *t)
{
        safe_close(t->fd);
        cr_expect_eq(rm_rf_at(AT_FDCWD, t->path), 0);
}
