/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-listen.h"

#include <netdb.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/parse.h"
#include "basic/string-util.h"

/* The parts; the host is NULL where there is none. */
static int split(const char *where, char **ret_host, char **ret_port)
{
        const char *colon = strrchr(where, ':');
        const bool bracketed = where[0] == '[';
        _cleanup_free_ char *host = NULL;
        uint32_t port;
        size_t n;

        if (!colon || parse_uint32(colon + 1, &port) < 0 || port == 0 || port > UINT16_MAX)
                return -EINVAL;
        n = (size_t) (colon - where);
        if (bracketed && (n < 3 || where[n - 1] != ']'))
                return -EINVAL;
        host = bracketed ? strndup(where + 1, n - 2) : strndup(where, n);
        *ret_port = strdup(colon + 1);
        if (!host || !*ret_port)
                return -ENOMEM;
        if (!bracketed && strchr(host, ':'))
                return -EINVAL;
        *ret_host = *host ? TAKE_PTR(host) : NULL;
        return 0;
}

static int listen_at(const struct addrinfo *a)
{
        _cleanup_close_ int fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int) { 1 }, sizeof(int)) < 0)
                return -errno;
        /* All addresses of IPv4 have a socket of their own. */
        if (a->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int) { 1 }, sizeof(int)) < 0)
                return -errno;
        if (bind(fd, a->ai_addr, a->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* A host without IPv6 has no address of it, whatever is said of names. */
static int listen_at_all(const struct addrinfo *addresses, int **fds, size_t *n)
{
        int r = -ENOENT;

        for (const struct addrinfo *a = addresses; a; a = a->ai_next) {
                int fd = listen_at(a), *more;

                if (fd == -EAFNOSUPPORT || fd == -EADDRNOTAVAIL) {
                        r = fd;
                        continue;
                }
                if (fd < 0)
                        return fd;
                more = reallocarray(*fds, *n + 1, sizeof(int));
                if (!more) {
                        safe_close(fd);
                        return -ENOMEM;
                }
                *fds = more;
                (*fds)[(*n)++] = fd;
        }
        return *n > 0 ? 0 : r;
}

int api_listen(const char *where, int **ret_fds, size_t *ret_n)
{
        const struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM };
        _cleanup_free_ char *host = NULL, *port = NULL;
        struct addrinfo *found = NULL;
        int *fds = NULL;
        size_t n = 0;
        int r = split(where, &host, &port);

        if (r < 0)
                return r;
        if (getaddrinfo(host, port, &hints, &found) != 0)
                return -ENOENT;
        r = listen_at_all(found, &fds, &n);
        freeaddrinfo(found);
        if (r < 0) {
                for (size_t i = 0; i < n; i++)
                        safe_close(fds[i]);
                free(fds);
                return r;
        }
        *ret_fds = fds;
        *ret_n = n;
        return 0;
}
