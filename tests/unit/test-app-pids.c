/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "inside/app-pids.h"
#include "lib/test-manager.h"

/* The launcher of an app in a PID namespace of its own, with the test as the PID 1 that has started it. */

#define PROGRAM_STATUS 7

/* Of mount points, which go with it. */
static void own_mounts(void)
{
        if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                cr_skip_test("only where namespaces can be made");
}

static bool file_is(const char *path, const char *text)
{
        _cleanup_free_ char *read = NULL;

        return read_file_at(AT_FDCWD, path, 4096, &read, NULL) >= 0 && strncmp(read, text, strlen(text)) == 0;
}

static LaunchOptions options(const char *pids, char **variables, size_t n)
{
        return (LaunchOptions) { .pids = pids, .environment = { .list = variables, .n = n } };
}

/* The first process is one of ours, and /proc is of the namespace. */
static bool is_second(void)
{
        char link[16] = "";

        return getpid() == 2 && readlink("/proc/self", link, sizeof(link) - 1) == 1 && streq(link, "2") &&
               file_is("/proc/1/comm", "podctl-init");
}

__attribute__((noreturn)) static void launch(const char *socket)
{
        static char notify[300];
        char *variables[] = { notify, NULL }, name[] = "app-exec --words=FILE", *argv[] = { name, NULL };
        LaunchOptions l = options(PIDS_MAIN, variables, 1);

        (void) snprintf(notify, sizeof(notify), "NOTIFY_SOCKET=%s", socket);
        (void) setenv("NOTIFY_SOCKET", socket, 1);
        app_pids_part(&l, 1, argv);
        app_pids_prepare(&l);
        if (!is_second() || variables[0])
                _exit(1);
        app_pids_ready(&l);
        _exit(PROGRAM_STATUS);
}

static void let_go(const TestManager *m, pid_t blocked)
{
        int barrier, status;

        test_manager_expect(m, "BARRIER=1", &barrier);
        cr_expect_eq(waitpid(blocked, &status, WNOHANG), 0);
        (void) close(barrier);
}

/* The launcher names the app as the main process, a child of PID 1, and ends when that is known; the app runs when it
 * is known to, and so no sooner ends. */
Test(app_pids, main_process)
{
        _cleanup_(test_manager_done) TestManager m = test_manager_new();
        pid_t launcher, app;
        int status;

        own_mounts();
        launcher = fork();
        if (launcher == 0)
                launch(m.path);
        app = (pid_t) test_manager_expect_number(&m, "MAINPID");
        cr_assert_gt(app, 0);
        let_go(&m, launcher);
        cr_assert_eq(waitpid(launcher, &status, 0), launcher);
        cr_expect_eq(status, 0);
        test_manager_expect(&m, "READY=1", NULL);
        let_go(&m, app);
        cr_assert_eq(waitpid(app, &status, 0), app);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_STATUS, "%i", status);
}

/* What runs at other times has a process beside it, and PID 1 hears nothing. */
Test(app_pids, beside)
{
        pid_t pid;
        int status;

        own_mounts();
        pid = fork();
        if (pid == 0) {
                char *variables[] = { NULL }, name[] = "app-exec --words=FILE", *argv[] = { name, NULL };
                LaunchOptions l = options(PIDS_BESIDE, variables, 0);

                app_pids_part(&l, 1, argv);
                app_pids_prepare(&l);
                app_pids_ready(&l);
                _exit(is_second() && l.followed ? PROGRAM_STATUS : 1);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_STATUS, "%i", status);
}

/* Without a namespace, it stays the process that it is. */
Test(app_pids, host)
{
        _cleanup_(test_manager_done) TestManager m = test_manager_new();
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                char *variables[] = { NULL };
                LaunchOptions l = options(PIDS_HOST, variables, 0);

                (void) setenv("NOTIFY_SOCKET", m.path, 1);
                app_pids_part(&l, 0, NULL);
                app_pids_prepare(&l);
                app_pids_ready(&l);
                _exit(PROGRAM_STATUS);
        }
        test_manager_expect(&m, "READY=1", NULL);
        let_go(&m, pid);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_STATUS, "%i", status);
}

/* A volume below /proc stays there. */
Test(app_pids, carries_volumes)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        pid_t pid;
        int status;

        own_mounts();
        cr_assert_eq(write_string_at(t.fd, "file", "x", 0644), 0);
        cr_assert_eq(mount(t.path, "/proc/tty", NULL, MS_BIND, NULL), 0);
        pid = fork();
        if (pid == 0) {
                char *variables[] = { NULL }, volume[] = "/proc/tty", *carry[] = { volume, NULL },
                     name[] = "app-exec --words=FILE", *argv[] = { name, NULL };
                LaunchOptions l = options(PIDS_BESIDE, variables, 0);

                l.carry = carry;
                app_pids_part(&l, 1, argv);
                _exit(is_second() && file_is("/proc/tty/file", "x") ? PROGRAM_STATUS : 1);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == PROGRAM_STATUS, "%i", status);
}
