/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fd.h"
#include "basic/unix-socket.h"

static int make_address(int dir_fd, const char *name, struct sockaddr_un *ret)
{
        int n;

        *ret = (struct sockaddr_un) { .sun_family = AF_UNIX };
        n = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%i/%s", dir_fd, name);
        return n < 0 || (size_t) n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}

int unix_listen_at(int dir_fd, const char *name, int type)
{
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        int r = fd < 0 ? -errno : make_address(dir_fd, name, &address);

        if (r < 0)
                return r;
        (void) unlinkat(dir_fd, name, 0);
        if (bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 || fchmodat(dir_fd, name, 0600, 0) < 0 ||
            listen(fd, SOMAXCONN) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int unix_connect_at(int dir_fd, const char *name, int type)
{
        _cleanup_close_ int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        struct sockaddr_un address;
        int r = fd < 0 ? -errno : make_address(dir_fd, name, &address);

        if (r < 0)
                return r;
        return connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ? -errno : TAKE_FD(fd);
}
