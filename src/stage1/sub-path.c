/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/alloc.h"
#include "stage1/sub-path.h"

/* What an app has put there in the meantime is left alone. */
static int make_directory(int volume_fd, const char *path, const struct stat *volume)
{
        _cleanup_close_ int fd = mkdir_in_root(volume_fd, path, 0700, volume->st_uid);
        char link[PROC_FD_PATH_MAX];

        if (fd < 0)
                return fd;
        if (fchownat(fd, "", volume->st_uid, volume->st_gid, AT_EMPTY_PATH) < 0 ||
            chmod(proc_fd_path(fd, link), volume->st_mode & 07777) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int open_or_make(int volume_fd, const char *path, const struct stat *volume)
{
        int fd = open_in_root(volume_fd, path, O_PATH);

        return fd != -ENOENT ? fd : make_directory(volume_fd, path, volume);
}

/* Each longer part of the path in turn. */
static int make_directories(int volume_fd, const char *path)
{
        _cleanup_close_ int fd = -EBADF;
        struct stat volume;
        size_t n = 0;

        if (fstat(volume_fd, &volume) < 0)
                return -errno;
        do {
                _cleanup_free_ char *part = NULL;

                n += strspn(path + n, "/");
                n += strcspn(path + n, "/");
                part = strndup(path, n);
                if (!part)
                        return -ENOMEM;
                fd = safe_close(fd);
                fd = open_or_make(volume_fd, part, &volume);
        } while (fd >= 0 && path[n + strspn(path + n, "/")]);
        return TAKE_FD(fd);
}

int sub_path_open(int volume_fd, const char *path)
{
        _cleanup_free_ char *place = NULL;
        int fd, r;

        /* What a link that leads nowhere means is made, too. */
        r = follow_in_root(volume_fd, path, &place);
        if (r < 0)
                return r;
        fd = open_in_root(volume_fd, place, O_PATH);
        return fd != -ENOENT ? fd : make_directories(volume_fd, place);
}
