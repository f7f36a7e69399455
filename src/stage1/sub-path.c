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

int sub_path_open(int volume_fd, const char *path)
{
        _cleanup_free_ char *place = NULL;
        struct stat volume;
        int fd, r;

        /* What a link that leads nowhere means is made, too. */
        r = follow_in_root(volume_fd, path, &place);
        if (r < 0)
                return r;
        fd = open_in_root(volume_fd, place, O_PATH);
        if (fd != -ENOENT)
                return fd;
        return fstat(volume_fd, &volume) < 0 ? -errno : make_directory(volume_fd, place, &volume);
}
