/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"

int fd_lock(int fd, int operation)
{
        while (flock(fd, operation) < 0) {
                if (errno == EINTR)
                        continue;
                return errno == EWOULDBLOCK ? -EAGAIN : -errno;
        }
        return 0;
}

int lock_file_at(int dir_fd, const char *path, int operation)
{
        for (;;) {
                _cleanup_close_ int fd = -EBADF;
                struct stat held, there;
                int r;

                fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
                if (fd < 0)
                        return -errno;

                r = fd_lock(fd, operation);
                if (r < 0)
                        return r;

                if (fstat(fd, &held) < 0)
                        return -errno;
                if (fstatat(dir_fd, path, &there, AT_SYMLINK_NOFOLLOW) < 0) {
                        if (errno == ENOENT)
                                continue;
                        return -errno;
                }
                if (held.st_ino == there.st_ino && held.st_dev == there.st_dev)
                        return TAKE_FD(fd);
        }
}

int lock_file_within(int dir_fd, const char *path, int operation, Patience *patience)
{
        for (;;) {
                int fd = lock_file_at(dir_fd, path, operation | LOCK_NB);

                if (fd != -EAGAIN || !patience_wait(patience, -EBADF))
                        return fd;
        }
}

int lock_byte_at(int dir_fd, const char *path, uint64_t byte)
{
        /* A file's last byte is the one before its greatest offset. */
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte % INT64_MAX, .l_len = 1 };
        _cleanup_close_ int fd = openat(dir_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        while (fcntl(fd, F_OFD_SETLKW, &lock) < 0)
                if (errno != EINTR)
                        return -errno;
        return TAKE_FD(fd);
}

int unlink_locked(int fd, int dir_fd, const char *path)
{
        struct stat held, there;

        if (fstat(fd, &held) < 0 || fstatat(dir_fd, path, &there, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (held.st_ino != there.st_ino || held.st_dev != there.st_dev)
                return 0;
        return unlinkat(dir_fd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
}
