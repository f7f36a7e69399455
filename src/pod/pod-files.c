/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "pod/pod-files.h"

static int write_one(int fd, const KubeFile *file)
{
        _cleanup_free_ char *directory = strdup(file->path);
        char *slash = directory ? strrchr(directory, '/') : NULL;
        int r;

        if (!directory)
                return -ENOMEM;
        if (slash) {
                *slash = 0;
                r = mkdir_p_at(fd, directory, 0755);
                if (r < 0)
                        return r;
        }
        if (endswith(file->path, "/"))
                return 0;
        r = write_file_at(fd, file->path, file->data, file->size, file->mode);
        return r >= 0 && file->group && fchownat(fd, file->path, 0, file->group, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : r;
}

static int write_all(const char *directory, const KubeFile *files, size_t n)
{
        _cleanup_close_ int fd = -EBADF;
        int r = mkdir_p_at(AT_FDCWD, POD_FILES_DIRECTORY, 0700);

        if (r < 0)
                return r;
        fd = mkdir_open_at(AT_FDCWD, directory, 0700);
        if (fd < 0)
                return fd;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_one(fd, &files[i]);
        return r;
}

int pod_files_write(const Uuid *uuid, const KubeFile *files, size_t n)
{
        _cleanup_free_ char *directory = strjoin(POD_FILES_DIRECTORY "/", uuid->s);
        int r;

        if (n == 0)
                return 0;
        r = directory ? write_all(directory, files, n) : -ENOMEM;
        if (r < 0)
                pod_files_remove(uuid);
        return r;
}

void pod_files_remove(const Uuid *uuid)
{
        _cleanup_free_ char *directory = strjoin(POD_FILES_DIRECTORY "/", uuid->s);

        if (directory)
                (void) rm_rf_at(AT_FDCWD, directory);
}
