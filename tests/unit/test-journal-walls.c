/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "cli/terminal/journal-walls.h"
#include "lib/test-temporary.h"

static bool can_read(int dir_fd, const char *path)
{
        int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);

        return fd >= 0 && close(fd) == 0;
}

/* In a process of its own, as root or as a user who cannot mount: it reads what is in the journal, and nothing by the
 * links there. The status says what was wrong. */
__attribute__((noreturn)) static void read_journal(const char *directory, uid_t uid)
{
        int fd;

        if (uid > 0 && setresuid(uid, uid, uid) < 0)
                _exit(2);
        if (journal_walls_raise(directory, NULL) < 0)
                _exit(3);
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        _exit(fd < 0 || !can_read(fd, "system.journal") || !can_read(fd, "below/user.journal") ? 4
              : can_read(fd, "link.journal") || can_read(fd, "directory/other.journal")           ? 5
              : !can_read(AT_FDCWD, "/etc/passwd")                                                  ? 6
                                                                                                    : 0);
}

static void check(uid_t uid)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *journal = strjoin(t.path, "/journal");
        pid_t pid;
        int status;

        cr_assert_eq(chmod(t.path, 0755), 0);
        cr_assert_eq(mkdirat(t.fd, "journal", 0755), 0);
        cr_assert_eq(mkdirat(t.fd, "journal/below", 0755), 0);
        cr_assert_eq(mkdirat(t.fd, "elsewhere", 0755), 0);
        cr_assert_eq(write_string_at(t.fd, "journal/system.journal", "x", 0644), 0);
        cr_assert_eq(write_string_at(t.fd, "journal/below/user.journal", "x", 0644), 0);
        cr_assert_eq(write_string_at(t.fd, "elsewhere/other.journal", "x", 0644), 0);
        cr_assert_eq(symlinkat("../elsewhere/other.journal", t.fd, "journal/link.journal"), 0);
        cr_assert_eq(symlinkat("../elsewhere", t.fd, "journal/directory"), 0);
        pid = fork();
        if (pid == 0)
                read_journal(journal, uid);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%i", status);
}

Test(journal_walls, by_a_mount)
{
        if (geteuid() != 0)
                cr_skip_test("only root can mount");
        check(0);
}

Test(journal_walls, by_rules)
{
        if (geteuid() != 0 || syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) < 1)
                cr_skip_test("only root of a kernel with Landlock");
        check(1000);
}

/* Nobody reads with walls that could not be built. */
Test(journal_walls, of_nothing)
{
        _cleanup_free_ char *message = NULL;

        cr_expect_eq(journal_walls_raise("/nonexistent", &message), -EOPNOTSUPP);
        cr_expect(message && strstr(message, "No such file"));
}
