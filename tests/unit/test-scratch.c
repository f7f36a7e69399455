/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/scratch.h"
#include "basic/strv.h"
#include "lib/test-temporary.h"

static size_t count(const Temporary *t)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_geq(list_directory_all_at(t->fd, ".", &names), 0);
        return strv_length(names);
}

static Scratch make(const Temporary *t, const char *name)
{
        Scratch s = SCRATCH_NONE;

        cr_assert_eq(scratch_make(t->path, name, &s), 0);
        return s;
}

/* A process that is killed with one in its hands. */
static void leave_one(const Temporary *t, const char *name)
{
        pid_t pid = fork();

        cr_assert_geq(pid, 0);
        if (pid == 0) {
                Scratch s = SCRATCH_NONE;

                if (scratch_make(t->path, name, &s) < 0 || mkdirat(s.fd, "deep", 0) < 0)
                        _exit(1);
                (void) raise(SIGKILL);
        }
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(scratch, what_was_left_is_removed)
{
        Temporary t = temporary_new();
        Scratch s;

        leave_one(&t, "one");
        cr_assert_eq(count(&t), 1);
        s = make(&t, "one");
        cr_expect_eq(count(&t), 1);
        scratch_done(&s);
        cr_expect_eq(count(&t), 0);
        temporary_done(&t);
}

Test(scratch, what_is_used_or_called_otherwise_stays)
{
        Temporary t = temporary_new();
        Scratch first = make(&t, "one"), second;

        leave_one(&t, "other");
        cr_assert_eq(mkdirat(t.fd, ".podctl-one-of-somebody", 0700), 0);
        cr_assert_eq(symlinkat(".podctl-one-of-somebody", t.fd, ".podctl-one-abcdef"), 0);
        /* What people unpack. */
        cr_assert_eq(mkdirat(t.fd, "one-master", 0700), 0);
        second = make(&t, "one");
        cr_expect_eq(count(&t), 6);
        cr_expect_eq(faccessat(AT_FDCWD, first.path, F_OK, 0), 0);
        scratch_done(&first);
        scratch_done(&second);
        cr_expect_eq(count(&t), 4);
        temporary_done(&t);
}

/* Neither takes what the other has just made. */
Test(scratch, many_at_once)
{
        Temporary t = temporary_new();
        bool good = true;

        for (int i = 0; i < 4; i++) {
                pid_t pid = fork();

                cr_assert_geq(pid, 0);
                for (int k = 0; pid == 0 && k < 200; k++) {
                        Scratch s = SCRATCH_NONE;

                        if (scratch_make(t.path, "one", &s) < 0 || mkdirat(s.fd, "here", 0700) < 0 ||
                            faccessat(AT_FDCWD, s.path, F_OK, 0) < 0)
                                _exit(1);
                        scratch_done(&s);
                }
                if (pid == 0)
                        _exit(0);
        }
        for (int i = 0; i < 4; i++) {
                int status;

                cr_assert_geq(wait(&status), 0);
                good = good && status == 0;
        }
        cr_expect(good);
        cr_expect_eq(count(&t), 0);
        temporary_done(&t);
}
