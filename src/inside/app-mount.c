/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/app-mount.h"

int app_mount_make(const char *type)
{
        int fs = (int) syscall(SYS_fsopen, type, FSOPEN_CLOEXEC), mount = -1;

        if (fs >= 0 && syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) >= 0)
                mount = (int) syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
                                      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        (void) close(fs);
        return mount;
}

bool app_mount_put(int mount, const char *path)
{
        return mount >= 0 && syscall(SYS_move_mount, mount, "", AT_FDCWD, path, MOVE_MOUNT_F_EMPTY_PATH) >= 0 &&
               close(mount) == 0;
}
