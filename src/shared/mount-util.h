/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fd.h"

/* The kernel's file-descriptor based mount calls (mount_setattr(2), open_tree(2), move_mount(2)), which glibc 2.36
 * has, in the combinations we need. Nothing is visible anywhere before mount_attach(). */

typedef struct MountOptions {
        int userns_fd; /* IDs are mapped by this namespace; negative: not at all */
        bool read_only;
        bool recursive;
        bool data_only; /* nosuid, nodev, noexec */
        bool no_devices; /* nosuid, nodev */
        bool slave; /* sees what is mounted below the original later; else nothing of that */
} MountOptions;

/* A detached copy of the mount at path (relative to dir_fd; "" is dir_fd itself). -EINVAL: the file system cannot map
 * IDs. */
int mount_clone(int dir_fd, const char *path, const MountOptions *options);
/* Puts it on an open directory or file. */
int mount_attach(int mount_fd, int target_fd);

/* Makes the mount read-only whose root the fd is. */
int mount_set_read_only(int fd);

/* Goes into a mount namespace of our own: what others mount is seen here, what we mount is not seen there. */
int mount_namespace_enter(void);
