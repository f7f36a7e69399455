/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-relay.h"

/* The process that relays an app's output. */

/* With a stream for its standard output and error, as systemd has them. */
static pid_t start_relay(const AppRelay *r, int stream_fd)
{
        pid_t pid = fork();

        cr_assert_geq(pid, 0);
        if (pid == 0) {
                if (dup2(stream_fd, STDOUT_FILENO) < 0 || dup2(stream_fd, STDERR_FILENO) < 0)
                        _exit(EXIT_FAILURE);
                app_relay_become(r, RELAY_POD, -1, 0, NULL);
        }
        return pid;
}

/* What is in the stream when a pod ends, a journal that is behind takes before the pod is gone. */
Test(app_relay, keeps_little_in_the_stream_to_the_journal)
{
        AppRelay r = { .open = true };
        int stream[2], room = 0;
        socklen_t size = sizeof(room);
        char got[8];
        pid_t pid;

        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
        /* systemd's room. */
        if (setsockopt(stream[1], SOL_SOCKET, SO_SNDBUFFORCE, &(int) { 8 << 20 }, sizeof(int)) < 0)
                cr_skip_test("only root makes so much room");
        cr_assert_eq(pipe2(r.out, O_CLOEXEC), 0);
        cr_assert_eq(pipe2(r.err, O_CLOEXEC), 0);
        pid = start_relay(&r, stream[1]);
        cr_assert_eq(write(r.out[1], "one\n", 4), 4);
        cr_assert_eq(recv(stream[0], got, sizeof(got), 0), 4);
        cr_assert_eq(getsockopt(stream[1], SOL_SOCKET, SO_SNDBUF, &room, &size), 0);
        /* The kernel doubles what it is told (socket(7)). */
        cr_expect_leq(room, 2 * 256 * 1024);
        (void) close(r.out[1]);
        (void) close(r.err[1]);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
}
