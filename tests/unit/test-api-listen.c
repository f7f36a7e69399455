/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <sys/socket.h>

#include "api/api-listen.h"
#include "basic/fd.h"
#include "basic/string-util.h"

Test(api_listen, refuses)
{
        static const char *const wrong[] = {
                "", "localhost", "localhost:", "localhost:x", "localhost:0", "localhost:65536", "::1:80", "[::1]",
                "[]:80", "[::1:80",
        };
        int *fds;
        size_t n;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                cr_expect_eq(api_listen(wrong[i], &fds, &n), -EINVAL, "%s", wrong[i]);
}

/* On whatever port there is: any that is taken is another test's. */
Test(api_listen, listens)
{
        _cleanup_free_ char *where = NULL;
        int *fds, *others, r = -EADDRINUSE;
        size_t n;

        for (unsigned port = 20000; r == -EADDRINUSE && port < 20100; port++) {
                free(where);
                where = strprintf("127.0.0.1:%u", port);
                r = api_listen(where, &fds, &n);
        }
        cr_assert_eq(r, 0);
        cr_assert_eq(n, 1);
        cr_expect_eq(api_listen(where, &others, &n), -EADDRINUSE);
        safe_close(fds[0]);
        free(fds);
}
