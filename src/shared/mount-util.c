/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>
#include <sys/mount.h>

#include "shared/mount-util.h"

int mount_clone(int dir_fd, const char *path, const MountOptions *options)
{
        unsigned recursive = options->recursive ? AT_RECURSIVE : 0;
        struct mount_attr attr = {
                .attr_set = (options->read_only ? MOUNT_ATTR_RDONLY : 0) |
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
        return TAKE_FD(fd);
}

int mount_attach(int mount_fd, int target_fd)
{
        return move_mount(mount_fd, "", target_fd, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0
                       ? -errno
                       : 0;
}

int mount_set_read_only(int fd)
{
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

        return mount_setattr(fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

int mount_namespace_enter(void)
{
        if (unshare(CLONE_NEWNS) < 0)
                return -errno;
        return mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ? -errno : 0;
}
