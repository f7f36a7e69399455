/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "lib/test-temporary.h"
#include "stage1/late-files.h"

static void put(int dir_fd, const char *path, const char *text, mode_t mode)
{
        cr_assert_eq(write_string_at(dir_fd, path, text, mode), 0, "%s", path);
        cr_assert_eq(fchmodat(dir_fd, path, mode, 0), 0);
}

static mode_t mode_of(int dir_fd, const char *path)
{
        struct stat st = {};

        cr_assert_eq(fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW), 0, "%s", path);
        return st.st_mode & 07777;
}

Test(late_files, copies_regular_files)
{
        static const char bytes[] = "a\0b";
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, t.path);
        _cleanup_free_ char *text = NULL;
        size_t n;

        cr_assert_eq(mkdirat(fd, "from", 0700), 0);
        cr_assert_eq(mkdirat(fd, "from/directory", 0700), 0);
        cr_assert_eq(mkfifoat(fd, "from/fifo", 0600), 0);
        cr_assert_eq(symlinkat("secret", fd, "from/link"), 0);
        cr_assert_eq(write_file_at(fd, "from/start", bytes, sizeof(bytes), 0400), 0);
        put(fd, "from/.hidden", "hidden", 0644);
        cr_assert_eq(late_files_copy(fd, "from", fd, "to/place"), 0);
        cr_expect_eq(mode_of(fd, "to/place"), 0700);
        cr_expect_eq(mode_of(fd, "to/place/start"), 0400);
        cr_assert_eq(read_file_at(fd, "to/place/start", 64, &text, &n), 0);
        cr_expect_eq(n, sizeof(bytes));
        cr_expect_eq(faccessat(fd, "to/place/.hidden", F_OK, 0), 0);
        for (const char *const *name = (const char *const[]) { "directory", "fifo", "link", NULL }; *name; name++) {
                _cleanup_free_ char *path = strjoin("to/place/", *name);

                cr_expect_eq(faccessat(fd, path, F_OK, AT_SYMLINK_NOFOLLOW), -1, "%s", *name);
        }
}

/* Nothing is written through a link that somebody has put there. */
Test(late_files, replaces_links)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, t.path);
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(mkdirat(fd, "from", 0755), 0);
        cr_assert_eq(mkdirat(fd, "to", 0755), 0);
        put(fd, "from/unit", "new", 0644);
        put(fd, "victim", "old", 0644);
        cr_assert_eq(symlinkat("../victim", fd, "to/unit"), 0);
        cr_assert_eq(late_files_copy(fd, "from", fd, "to"), 0);
        cr_assert_eq(read_file_at(fd, "victim", 64, &text, NULL), 0);
        cr_expect_str_eq(text, "old");
        cr_assert_eq(late_files_copy(fd, "missing", fd, "to"), -ENOENT);
}

Test(late_files, removes_units)
{
        static const char *const gone[] = { "web.service", "podctl-hooks@web.service", "podctl-health@web.service",
                                            "web.http.socket", "web.service.d/sockets.conf" };
        static const char *const stay[] = { "web-2.service", "podctl-health@web-2.service", "dbus.service",
                                            "web-2.http.socket", "web.socket" };
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, t.path);

        cr_assert_eq(mkdirat(fd, "web.service.d", 0755), 0);
        for (size_t i = 0; i < ELEMENTSOF(gone); i++)
                put(fd, gone[i], "", 0644);
        for (size_t i = 0; i < ELEMENTSOF(stay); i++)
                put(fd, stay[i], "", 0644);
        cr_assert_eq(late_files_remove_units(fd, "", "web"), 0);
        cr_assert_eq(late_files_remove_units(fd, "", "web"), 0);
        for (size_t i = 0; i < ELEMENTSOF(gone); i++)
                cr_expect_eq(faccessat(fd, gone[i], F_OK, 0), -1, "%s", gone[i]);
        for (size_t i = 0; i < ELEMENTSOF(stay); i++)
                cr_expect_eq(faccessat(fd, stay[i], F_OK, 0), 0, "%s", stay[i]);
}
