/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "shared/mount-util.h"

int mount_set_read_only(int fd)
{
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        return mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mount_clone(int dir_fd, const char *path, const MountOptions *options)
{
        unsigned recursive = options->recursive ? AT_RECURSIVE : 0;
        struct mount_attr attr = {
                .attr_set = (options->read_only && !options->writable_below ? MOUNT_ATTR_RDONLY : 0) |
                            (options->data_only ? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC : 0) |
                            (options->dead_devices ? MOUNT_ATTR_NODEV : 0) |
                            (options->no_devices ? MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV : 0),
                .propagation = options->shared ? 0 : options->slave ? MS_SLAVE : MS_PRIVATE,
        };
        _cleanup_close_ int fd = -EBADF;

        if (options->userns_fd >= 0) {
                attr.attr_set |= MOUNT_ATTR_IDMAP;
                attr.userns_fd = (uint64_t) options->userns_fd;
        }

        fd = open_tree(dir_fd, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | recursive);
        if (fd < 0)
                return -errno;
        if (mount_setattr(fd, "", AT_EMPTY_PATH | recursive, &attr, sizeof(attr)) < 0)
                return -errno;
        if (options->read_only && options->writable_below) {
                int r = mount_set_read_only(fd);

                if (r < 0)
                        return r;
        }
        return TAKE_FD(fd);
}

/* proc_pid_mountinfo(5): the optional fields, before a "-", are those from the seventh on. */
static bool line_is_shared(char *line)
{
        char *word, *rest = line;

        for (size_t i = 0; (word = strsep(&rest, " ")) && (i < 6 || !streq(word, "-")); i++)
                if (i >= 6 && startswith(word, "shared:"))
                        return true;
        return false;
}

int mount_is_shared(const char *path)
{
        _cleanup_fclose_ FILE *f = fopen("/proc/self/mountinfo", "re");
        _cleanup_free_ char *line = NULL;
        struct statx stx;
        size_t size = 0;

        if (!f || statx(AT_FDCWD, path, 0, STATX_MNT_ID, &stx) < 0)
                return -errno;
        while (getline(&line, &size, f) > 0)
                if (strtoull(line, NULL, 10) == stx.stx_mnt_id)
                        return line_is_shared(line);
        return -ENOENT;
}

int mount_attach(int mount_fd, int target_fd)
{
        return move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
                       ? -errno
                       : 0;
}

int mount_namespace_enter(void)
{
        if (unshare(CLONE_NEWNS) < 0)
                return -errno;
        return mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ? -errno : 0;
}
