/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

int probe_connect(const char *host, const char *port)
{
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t) atoi(port)) };
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = v6.sin6_port };
        const bool is_v4 = inet_pton(AF_INET, host, &v4.sin_addr) == 1;
        const struct sockaddr *address = is_v4 ? (struct sockaddr *) &v4 : (struct sockaddr *) &v6;
        int fd;

        if (!is_v4 && inet_pton(AF_INET6, host, &v6.sin6_addr) != 1) {
                (void) printf("'%s' is not a valid address\n", host);
                return -1;
        }
        fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, address, is_v4 ? sizeof(v4) : sizeof(v6)) < 0) {
                (void) printf("port %s: %s\n", port, strerror(errno));
                return -1;
        }
        return fd;
}
