/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "inside/app-output.h"

/* What an app has: its two pipes, and where they lead. */
typedef struct Fixture {
        int out[2], err[2];
        int journal_out[2], journal_err[2];
        AppOutput output;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f;

        (void) signal(SIGPIPE, SIG_IGN);
        cr_assert_eq(pipe2(f.out, O_CLOEXEC), 0);
        cr_assert_eq(pipe2(f.err, O_CLOEXEC), 0);
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f.journal_out), 0);
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, f.journal_err), 0);
        f.output = (AppOutput) {
                .pipes = { f.out[0], f.err[0] }, .journal = { f.journal_out[1], f.journal_err[1] },
                .client = -1, .app = -1, .host.fd = -1, .log_file.fd = -1,
        };
        return f;
}

static void expect_text(int fd, const char *text)
{
        char got[256] = {};

        cr_expect_eq(recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT), (ssize_t) strlen(text));
        cr_expect_str_eq(got, text);
}

Test(app_output, journal)
{
        Fixture f = fixture_new();

        cr_assert_eq(write(f.out[1], "one\ntwo", 7), 7);
        cr_assert_eq(write(f.err[1], "bad\n<3>worse", 12), 12);
        (void) close(f.out[1]);
        (void) close(f.err[1]);
        app_output_carry(&f.output);
        expect_text(f.journal_out[0], "one\ntwo\n");
        expect_text(f.journal_err[0], "<4>bad\n<3>worse\n");
}

/* systemd gives a service whose output and error both go to the journal one stream for the two. */
static Fixture fixture_with_one_stream(void)
{
        Fixture f = fixture_new();

        cr_assert_geq(dup3(f.journal_out[1], f.journal_err[1], O_CLOEXEC), 0);
        return f;
}

/* A program that writes to a pipe stops anywhere in a line, whenever its buffer is full. */
Test(app_output, lines_of_two_do_not_mix)
{
        Fixture f = fixture_with_one_stream();

        cr_assert_eq(write(f.out[1], "one\nhal", 7), 7);
        cr_assert_eq(write(f.err[1], "bad\n<3>wor", 10), 10);
        (void) close(f.out[1]);
        (void) close(f.err[1]);
        app_output_carry(&f.output);
        expect_text(f.journal_out[0], "one\n<4>bad\nhal\n<3>wor\n");
}

/* journald breaks such a line itself; what comes between is a line of its own all the same. */
Test(app_output, lines_without_an_end)
{
        Fixture f = fixture_with_one_stream();
        static char line[50000], got[60000];
        ssize_t n;

        memset(line, 'x', sizeof(line));
        cr_assert_eq(write(f.out[1], line, sizeof(line)), (ssize_t) sizeof(line));
        cr_assert_eq(write(f.err[1], "bad\n", 4), 4);
        (void) close(f.out[1]);
        (void) close(f.err[1]);
        app_output_carry(&f.output);
        n = recv(f.journal_out[0], got, sizeof(got) - 1, MSG_DONTWAIT);
        cr_assert_gt(n, (ssize_t) sizeof(line));
        got[n] = 0;
        cr_expect_not_null(strstr(got, "<4>bad\n"));
        cr_expect(strstr(got, "<4>bad\n") == got || strstr(got, "\n<4>bad\n"));
        for (char *p = got; (p = strstr(p, "<4>")); p++)
                cr_expect(p == got || p[-1] == '\n');
        cr_expect_eq(got[n - 1], '\n');
}

