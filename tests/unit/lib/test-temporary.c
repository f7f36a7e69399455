/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
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

size_t count_descriptors(void)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_at(AT_FDCWD, "/proc/self/fd", &names), 0);
        return strv_length(names);
}
