/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-notify.h"
#include "lib/test-manager.h"

/* The test is PID 1: it reads what a process says to it, and lets it go on when it wants. */

__attribute__((noreturn)) static void say_and_end(const char *path)
{
        int manager = app_notify_connect(path);

        _exit(manager >= 0 && app_notify_and_wait(manager, "READY=1") ? 7 : 1);
}

/* A process does not end before its last word was read. */
Test(app_notify, waits)
{
        _cleanup_(test_manager_done) TestManager m = test_manager_new();
        pid_t pid = fork();
        int barrier, status;

        if (pid == 0)
                say_and_end(m.path);
        test_manager_expect(&m, "READY=1", NULL);
        test_manager_expect(&m, "BARRIER=1", &barrier);
        cr_expect_eq(waitpid(pid, &status, WNOHANG), 0);
        (void) close(barrier);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

Test(app_notify, passes_descriptors)
{
        _cleanup_(test_manager_done) TestManager m = test_manager_new();
        int manager = app_notify_connect(m.path), fds[2], passed;

        cr_assert_geq(manager, 0);
        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        cr_expect(app_notify_send(manager, "FDSTORE=1", fds[1]));
        (void) close(fds[1]);
        test_manager_expect(&m, "FDSTORE=1", &passed);
        cr_expect_eq(write(passed, "x", 1), 1);
        (void) close(passed);
        (void) close(fds[0]);
        (void) close(manager);
}

Test(app_notify, nobody)
{
        char path[200];

        memset(path, '/', sizeof(path) - 1);
        path[sizeof(path) - 1] = '\0';
        cr_expect_lt(app_notify_connect(NULL), 0);
        cr_expect_lt(app_notify_connect(""), 0);
        cr_expect_lt(app_notify_connect("/no/such/socket"), 0);
        cr_expect_lt(app_notify_connect(path), 0);
}
