/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build/build-base-tar.h"
#include "build/build-config.h"
#include "lib/test-tar.h"

/* Begins a build with the archive as its first layer. */
static int begin_with(const Member *members, char **reterr_message)
{
        BuildContext c = BUILD_CONTEXT_NONE;
        Temporary t = temporary_new();
        _cleanup_close_ int fd = tar_of(members, ARCHIVE_FILTER_NONE);
        _cleanup_free_ char *path = strprintf("/proc/self/fd/%i", fd), *build = strjoin(t.path, "/b");
        int r;

        cr_assert_eq(build_context_begin(build, 1000, &c, NULL), 0);
        cr_assert_eq(build_config_new("linux/amd64", 1000, &c.record->config, NULL), 0);
        r = build_base_rootfs(&c, path, reterr_message);
        build_context_done(&c);
        temporary_done(&t);
        return r;
}

/* What the message says, after the path of the archive. NULL: it becomes a layer. */
static const struct {
        const char *message;
        Member members[5];
} cases[] = {
        { NULL, { DIR_MEMBER("d"), LINK_MEMBER("l", "d"), FILE_MEMBER("l/x", "") } },
        { NULL, { DIR_MEMBER("d"), LINK_MEMBER("l", "/d"), FILE_MEMBER("l/new/x", ""), DIR_MEMBER("d/new") } },
        { NULL, { DIR_MEMBER("d"), LINK_MEMBER("d/l", ".."), FILE_MEMBER("d/l/x", ""), HARD_MEMBER("h", "d/l/x") } },
        { NULL, { FILE_MEMBER("later/x", ""), DIR_MEMBER("later"), DIR_MEMBER("later") } },
        { NULL, { { "b", AE_IFBLK, 0600, NULL, 4095, (1U << 20) - 1 }, { "f", AE_IFIFO, 0600 } } },
        { "entry 'l/x': occurs twice",
          { DIR_MEMBER("d"), FILE_MEMBER("d/x", ""), LINK_MEMBER("l", "d"), FILE_MEMBER("l/x", "") } },
        { "entry 'l/x': has a symbolic link as parent that leads to nothing in the archive",
          { LINK_MEMBER("l", "/etc"), FILE_MEMBER("l/x", "") } },
        { "entry 'l/x': has a symbolic link as parent that leads to nothing in the archive",
          { LINK_MEMBER("l", "l"), FILE_MEMBER("l/x", "") } },
        { "entry 'l/x': has a parent that is not a directory",
          { FILE_MEMBER("f", ""), LINK_MEMBER("l", "f"), FILE_MEMBER("l/x", "") } },
        { "entry 'f/x/y': has a parent that is not a directory", { FILE_MEMBER("f", ""), FILE_MEMBER("f/x/y", "") } },
        { "entry 'h': is a hard link to 'f', which does not come before it", { HARD_MEMBER("h", "f") } },
        { "entry 'h': is a hard link to 'd', which is a directory", { DIR_MEMBER("d"), HARD_MEMBER("h", "d") } },
        { "entry 'l': is a symbolic link without a target", { LINK_MEMBER("l", "") } },
        { "entry 'dev/null': is a device 0/0", { { "dev/null", AE_IFCHR, 0666 } } },
        { "entry 'b': is a device with a number out of range", { { "b", AE_IFBLK, 0600, NULL, 4096, 0 } } },
        { "entry 'c': is a device with a number out of range", { { "c", AE_IFCHR, 0600, NULL, 0, 1U << 20 } } },
};

Test(build_base_tar, cases)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL;
                int r = begin_with(cases[i].members, &message);

                cr_expect_eq(r < 0, cases[i].message != NULL, "case %zu: %i, %s", i, r, strempty(message));
                if (cases[i].message)
                        cr_expect(strstr(strempty(message), cases[i].message), "case %zu: %s", i, strempty(message));
        }
}
