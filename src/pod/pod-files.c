/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/base64.h"
#include "basic/fs.h"
#include "basic/path.h"
#include "pod/pod-files.h"
#include "shared/systemd-creds.h"

/* systemd-creds reads base64, and that is what the object may have packed once more. */
static int pack(const KubeFile *file, char **ret)
{
        bool packed = memchr(file->data, 0, file->size) == NULL &&
                      strspn(file->data, LOWERCASE UPPERCASE DIGITS "+/=\n") == file->size;

        *ret = packed ? strndup(file->data, file->size) : base64_encode(file->data, file->size);
        return *ret ? 0 : -ENOMEM;
}

static int write_decrypted(int fd, const KubeFile *file, char **reterr_message)
{
        _cleanup_close_ int in = memfd_create("podctl-encrypted", MFD_CLOEXEC), out = -EBADF;
        _cleanup_free_ char *text = NULL, *what = strprintf("Secret '%s'", file->credential);
        int r = in < 0 ? -errno : !what ? -ENOMEM : pack(file, &text);

        if (r >= 0)
                r = loop_write(in, text, strlen(text));
        if (r < 0)
                return r;
        out = openat(fd, file->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file->mode);
        if (out < 0 || fchmod(out, file->mode) < 0)
                return -errno;
        return systemd_creds_decrypt(file->credential, what, in, out, reterr_message);
}

static int write_one(int fd, const KubeFile *file, char **reterr_message)
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
        r = file->credential ? write_decrypted(fd, file, reterr_message)
                             : write_file_at(fd, file->path, file->data, file->size, file->mode);
        return r >= 0 && file->group && fchownat(fd, file->path, 0, file->group, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : r;
}

static int write_all(const char *directory, const KubeFile *files, size_t n, char **reterr_message)
{
        _cleanup_close_ int fd = -EBADF;
        int r = mkdir_p_at(AT_FDCWD, POD_FILES_DIRECTORY, 0700);

        if (r < 0)
                return r;
        fd = mkdir_open_at(AT_FDCWD, directory, 0700);
        if (fd < 0)
                return fd;
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = write_one(fd, &files[i], reterr_message);
        return r;
}

int pod_files_write(const Uuid *uuid, const KubeFile *files, size_t n, char **reterr_message)
{
        _cleanup_free_ char *directory = strjoin(POD_FILES_DIRECTORY "/", uuid->s);
        int r;

        if (n == 0)
                return 0;
        r = directory ? write_all(directory, files, n, reterr_message) : -ENOMEM;
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
