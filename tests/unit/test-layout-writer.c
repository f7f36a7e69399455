/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/fs.h"
#include "image/export/layout-writer.h"
#include "lib/test-temporary.h"

/* Leaves there what a writer that was killed leaves. */
static char *leave(const Temporary *t, const char *path)
{
        char *name;

        cr_assert_eq(temporary_name(path, &name), 0);
        cr_assert_eq(write_string_at(t->fd, name, "part", 0644), 0);
        return name;
}

static bool is_there(const Temporary *t, const char *path)
{
        return faccessat(t->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

Test(layout_writer, sweep)
{
        static const char *const paths[] = { "index.json", "blobs/sha256/0", "blobs/sha512/0" };
        Temporary t = temporary_new();

        cr_expect_eq(layout_writer_sweep(t.fd), 0);
        cr_assert_eq(mkdir_p_at(t.fd, "blobs/sha256", 0755), 0);
        cr_assert_eq(mkdir_p_at(t.fd, "blobs/sha512", 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                _cleanup_free_ char *left = leave(&t, paths[i]);

                cr_assert_eq(write_string_at(t.fd, paths[i], "whole", 0644), 0);
                cr_expect_eq(layout_writer_sweep(t.fd), 0);
                cr_expect_not(is_there(&t, left), "%s", left);
                cr_expect(is_there(&t, paths[i]), "%s", paths[i]);
        }
        temporary_done(&t);
}

/* Blobs that are shared by a link may be another one's work. */
Test(layout_writer, sweep_at_links)
{
        static const struct {
                const char *link, *target;
        } cases[] = { { "blobs/sha256", "../other" }, { "blobs", "other" } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Temporary t = temporary_new();
                _cleanup_free_ char *direct = NULL, *below = NULL;

                cr_assert_eq(mkdir_p_at(t.fd, "other/sha256", 0755), 0);
                cr_assert_eq(mkdir_p_at(t.fd, "blobs", 0755), 0);
                cr_assert(i == 0 || unlinkat(t.fd, "blobs", AT_REMOVEDIR) == 0);
                cr_assert_eq(symlinkat(cases[i].target, t.fd, cases[i].link), 0);
                direct = leave(&t, "other/0");
                below = leave(&t, "other/sha256/0");
                cr_expect_eq(layout_writer_sweep(t.fd), 0, "%s", cases[i].link);
                cr_expect(is_there(&t, direct), "%s", cases[i].link);
                cr_expect(is_there(&t, below), "%s", cases[i].link);
                temporary_done(&t);
        }
}
