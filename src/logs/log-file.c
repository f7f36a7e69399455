/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "logs/log-file.h"

int log_file_open(const char *path)
{
        const char *name = strrchr(path, '/');
        _cleanup_free_ char *directory = name ? strndup(path, (size_t) (name - path) + (name == path)) : NULL;
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
        struct stat st;

        if (!name)
                return -EINVAL;
        if (!directory)
                return -ENOMEM;
        dir_fd = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (dir_fd < 0)
                return -errno;
        /* Not to wait for the reader of a FIFO. */
        fd = openat(dir_fd, name + 1, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0640);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -ENXIO;
}

/* A line that is cut off would be read together with the next one. Returns what is left. */
static size_t take_back_part(int fd, const char *data, size_t n)
{
        const char *end = memrchr(data, '\n', n);
        const size_t whole = end ? (size_t) (end - data) + 1 : 0;
        const off_t part = (off_t) (n - whole);
        struct stat st;

        if (part > 0 && fstat(fd, &st) >= 0 && st.st_size >= part)
                (void) !ftruncate(fd, st.st_size - part);
        return whole;
}

int log_file_append(int fd, const char *data, size_t n, size_t *ret_n)
{
        for (size_t done = 0; done < n;) {
                const ssize_t k = write(fd, data + done, n - done);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0) {
                        const int error = k < 0 ? errno : EIO;

                        *ret_n = take_back_part(fd, data, done);
                        return -error;
                }
                done += (size_t) k;
        }
        return 0;
}
