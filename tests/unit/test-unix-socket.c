/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/unix-socket.h"
#include "lib/test-temporary.h"

static int pair[2];

static void open_pair(void)
{
        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(void)
{
        safe_close(pair[0]);
        safe_close(pair[1]);
}

TestSuite(unix_socket, .init = open_pair, .fini = close_pair);

Test(unix_socket, descriptors_arrive)
{
        for (size_t sent = 0; sent <= 2; sent++) {
                int fds[2];
                char text[8];

                cr_assert_eq(unix_send(pair[0], "word", 5, (const int[]) { 0, 1 }, sent), 0);
                cr_assert_eq(unix_receive(pair[1], text, sizeof(text), fds, ELEMENTSOF(fds)), 5);
                cr_expect_str_eq(text, "word");
                for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                        cr_expect_eq(fds[i] >= 0, i < sent, "%zu of %zu", i, sent);
                        safe_close(fds[i]);
                }
        }
}

/* Whoever sends more than was asked for leaves nothing with us. */
Test(unix_socket, too_much)
{
        static const struct {
                size_t size, n_fds, room, room_fds;
        } rows[] = {
                { 9, 0, 8, 0 }, { 9, 2, 8, 2 }, { 4, 2, 8, 1 }, { 4, 1, 8, 0 }, { 4, UNIX_FDS_MAX, 8, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                size_t before = count_descriptors();
                int fds[UNIX_FDS_MAX];
                char text[16] = {};

                cr_assert_eq(unix_send(pair[0], text, rows[i].size, (const int[]) { 0, 1, 2, 0 }, rows[i].n_fds), 0);
                cr_expect_eq(unix_receive(pair[1], text, rows[i].room, fds, rows[i].room_fds), -EBADMSG, "row %zu", i);
                cr_expect_eq(count_descriptors(), before, "row %zu", i);
        }
        cr_expect_eq(unix_send(pair[0], "", 1, (const int[UNIX_FDS_MAX + 1]) {}, UNIX_FDS_MAX + 1), -EINVAL);
}

Test(unix_socket, end)
{
        char byte;

        pair[0] = safe_close(pair[0]);
        cr_expect_eq(unix_receive(pair[1], &byte, 1, NULL, 0), 0);
        cr_expect_eq(unix_send(pair[1], &byte, 1, NULL, 0), -EPIPE);
}

/* Whoever may write to the directory leads nobody elsewhere. */
Test(unix_socket, foreign_directory)
{
        Temporary t = temporary_new();
        const int directory = t.fd;
        _cleanup_close_ int listener = unix_listen_at(directory, "there", SOCK_SEQPACKET), fd = -EBADF;

        cr_assert_geq(listener, 0);
        fd = unix_connect_foreign_at(directory, "there", SOCK_SEQPACKET);
        cr_expect_geq(fd, 0);
        cr_assert_eq(symlinkat("there", directory, "link"), 0);
        cr_assert_eq(mkdirat(directory, "directory", 0700), 0);
        cr_expect_eq(unix_connect_foreign_at(directory, "link", SOCK_SEQPACKET), -ENOTSOCK);
        cr_expect_eq(unix_connect_foreign_at(directory, "directory", SOCK_SEQPACKET), -ENOTSOCK);
        cr_expect_eq(unix_connect_foreign_at(directory, "nowhere", SOCK_SEQPACKET), -ENOENT);
        temporary_done(&t);
}
