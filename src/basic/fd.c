/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/resource.h>
#include <sys/sendfile.h>

#include "basic/fd.h"

/* Whoever starts us without some of these means that nothing is there. What we open would be, and would be handed on
 * as a standard stream, to programs in pods as well. */
__attribute__((constructor)) static void fill_standard_streams(void)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
                        _exit(254);
}

int safe_close(int fd)
{
        if (fd >= 0) {
                int saved_errno = errno;
                (void) close(fd);
                errno = saved_errno;
        }
        return -EBADF;
}

/* Our processes may also have these open: locks, a pod's directories, what systemd-nspawn needs. */
#define USUAL_DESCRIPTORS 512

int fd_make_room(size_t n)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return -errno;
        if (limit.rlim_cur >= n + USUAL_DESCRIPTORS)
                return 0;
        limit.rlim_cur = MIN(limit.rlim_max, n + USUAL_DESCRIPTORS);
        return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? -errno : 0;
}

ssize_t loop_read(int fd, void *buffer, size_t n)
{
        size_t done = 0;

        while (done < n) {
                ssize_t k = read(fd, (char *) buffer + done, n - done);
                if (k < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                if (k == 0)
                        break;
                done += (size_t) k;
        }
        return (ssize_t) done;
}

int loop_write(int fd, const void *buffer, size_t n)
{
        for (const char *p = buffer; n > 0;) {
                ssize_t k = write(fd, p, n);
                if (k < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                p += k;
                n -= (size_t) k;
        }
        return 0;
}

int copy_bytes(int from, int to)
{
        char buffer[64 * 1024];

        for (;;) {
                ssize_t k = sendfile(to, from, NULL, 1 << 30);
                if (k == 0)
                        return 0;
                if (k > 0)
                        continue;
                if (errno == EINVAL || errno == ENOSYS)
                        break;
                return -errno;
        }

        for (;;) {
                ssize_t k = loop_read(from, buffer, sizeof(buffer));
                int r;

                if (k <= 0)
                        return (int) k;
                r = loop_write(to, buffer, (size_t) k);
                if (r < 0)
                        return r;
        }
}

int fd_set_cloexec(int fd, bool on)
{
        return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

const char *proc_fd_path(int fd, char buffer[static PROC_FD_PATH_MAX])
{
        (void) snprintf(buffer, PROC_FD_PATH_MAX, "/proc/self/fd/%i", fd);
        return buffer;
}
