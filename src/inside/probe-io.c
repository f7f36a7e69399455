/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "inside/probe-io.h"

int probe_send(int fd, const void *data, size_t n)
{
        const char *p = data;

        while (n > 0) {
                ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

                if (sent <= 0)
                        return -1;
                p += sent;
                n -= (size_t) sent;
        }
        return 0;
}

int probe_receive(int fd, void *data, size_t n)
{
        char *p = data;

        while (n > 0) {
                ssize_t got = recv(fd, p, n, 0);

                if (got <= 0)
                        return -1;
                p += got;
                n -= (size_t) got;
        }
        return 0;
}
