/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "lib/test-manager.h"

TestManager test_manager_new(void)
{
        TestManager m = { .directory = temporary_new(), .fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        /* Against hanging. */
        static const struct timeval patience = { .tv_sec = 60 };

        (void) snprintf(m.path, sizeof(m.path), "%s/notify", m.directory.path);
        cr_assert_lt(strlen(m.path), sizeof(address.sun_path));
        (void) setsockopt(m.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        (void) strcpy(address.sun_path, m.path);
        cr_assert_eq(bind(m.fd, (struct sockaddr *) &address, sizeof(address)), 0);
        return m;
}

void test_manager_done(TestManager *m)
{
        safe_close(m->fd);
        temporary_done(&m->directory);
}

static int receive(const TestManager *m, char *text, size_t n)
{
        struct iovec iov = { .iov_base = text, .iov_len = n - 1 };
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control = {};
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t length = recvmsg(m->fd, &message, MSG_CMSG_CLOEXEC);
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        int fd = -EBADF;

        cr_assert_geq(length, 0);
        text[length] = '\0';
        if (c && c->cmsg_type == SCM_RIGHTS)
                memcpy(&fd, CMSG_DATA(c), sizeof(fd));
        return fd;
}

void test_manager_expect(const TestManager *m, const char *text, int *ret_fd)
{
        char said[256];
        int fd = receive(m, said, sizeof(said));

        cr_assert_str_eq(said, text);
        cr_assert_eq(fd >= 0, ret_fd != NULL, "%s", text);
        if (ret_fd)
                *ret_fd = fd;
}

long test_manager_expect_number(const TestManager *m, const char *name)
{
        char said[256];
        const char *value;

        (void) receive(m, said, sizeof(said));
        value = startswith(said, name);
        cr_assert(value && *value == '=', "%s", said);
        return atol(value + 1);
}
