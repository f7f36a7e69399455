/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "basic/fd.h"
#include "inside/app-follow.h"

/* A process that waits for a program in its own place: whoever waits for it sees the program's end, and what it is sent
 * reaches the program. Each test has a process for the first of the two. */

/* The process gives up privileges, of which it has to have some. */
static void need_root(void)
{
        if (geteuid() != 0)
                cr_skip_test("only for root");
}

__attribute__((noreturn)) static void end_by(int status, int number)
{
        /* Whoever runs the tests may have it ignored. */
        if (number > 0 && number != SIGKILL)
                (void) signal(number, SIG_DFL);
        if (number > 0)
                (void) kill(getpid(), number);
        _exit(status);
}

Test(app_follow, ends_alike)
{
        static const struct {
                int status, signal;
        } cases[] = { { 0, 0 }, { 7, 0 }, { 255, 0 }, { 0, SIGTERM }, { 0, SIGKILL }, { 0, SIGABRT }, { 0, SIGHUP } };

        need_root();
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                pid_t pid = fork();
                int status;

                if (pid == 0) {
                        LaunchOptions l = {};

                        app_follow(&l);
                        end_by(cases[i].status, cases[i].signal);
                }
                cr_assert_eq(waitpid(pid, &status, 0), pid);
                if (cases[i].signal > 0)
                        cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == cases[i].signal, "%zu: %i", i, status);
                else
                        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == cases[i].status, "%zu: %i", i, status);
        }
}

/* Starts a process that follows another one, which writes a byte when it is ready for signals. */
static pid_t start_pair(int *ret_pipe, bool bind)
{
        int fds[2];
        pid_t pid;

        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                LaunchOptions l = {};
                sigset_t usr;
                int signal;

                app_follow(&l);
                if (bind)
                        app_follow_bind(&l);
                (void) sigemptyset(&usr);
                (void) sigaddset(&usr, SIGUSR1);
                (void) sigprocmask(SIG_BLOCK, &usr, NULL);
                (void) !write(fds[1], "", 1);
                _exit(sigwait(&usr, &signal) == 0 && signal == SIGUSR1 ? 9 : 1);
        }
        (void) close(fds[1]);
        *ret_pipe = fds[0];
        return pid;
}

Test(app_follow, passes_signals_on)
{
        _cleanup_close_ int pipe = -EBADF;
        int status;
        char byte;
        pid_t pid;

        need_root();
        pid = start_pair(&pipe, false);
        cr_assert_eq(read(pipe, &byte, 1), 1);
        cr_assert_eq(kill(pid, SIGUSR1), 0);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 9, "%i", status);
}

/* Nobody would know of the program any more. */
Test(app_follow, program_ends_with_it)
{
        _cleanup_close_ int pipe = -EBADF;
        int status;
        char byte;
        pid_t pid;

        need_root();
        pid = start_pair(&pipe, true);
        cr_assert_eq(read(pipe, &byte, 1), 1);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(read(pipe, &byte, 1), 0);
}

/* The program has the terminal, in a session of its own, and did not get the SIGHUP of the old one's end. */
Test(app_follow, keeps_the_terminal)
{
        int status;
        pid_t pid;

        need_root();
        pid = fork();
        if (pid == 0) {
                int terminal = posix_openpt(O_RDWR | O_NOCTTY), other = -1;
                LaunchOptions l = {};

                if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0 || setsid() < 0 ||
                    (other = open(ptsname(terminal), O_RDWR)) < 0 || dup2(other, 0) < 0)
                        _exit(77);
                app_follow(&l);
                _exit(tcgetsid(0) == getpid() && tcgetpgrp(0) == getpid() ? 0 : 1);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%i", status);
}
