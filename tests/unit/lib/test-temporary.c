/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-temporary.h"

Temporary temporary_new(void)
{
        Temporary t = { .path = "/var/tmp/podctl-test-XXXXXX" };

        cr_assert(mkdtemp(t.path));
        t.fd = open_directory_at(AT_FDCWD, t.path);
        cr_assert_geq(t.fd, 0);
        return t;
}

void temporary_done(Temporary *t)
{
        safe_close(t->fd);
        cr_expect_eq(rm_rf_at(AT_FDCWD, t->path), 0);
}
