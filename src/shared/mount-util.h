/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fd.h"

/* The kernel's mount calls based on file descriptors (mount_setattr(2), open_tree(2), move_mount(2)), which glibc 2.36
 * has, in the combinations we need. Nothing becomes visible before mount_attach(). */

typedef struct MountOptions {
        int userns_fd; /* IDs are mapped by this namespace; negative: not mapped */
        bool read_only;
        bool recursive;
        bool writable_below; /* read_only is for the mount itself, and those below stay as they are */
        bool data_only; /* nosuid, nodev, noexec */
        bool no_devices; /* nosuid, nodev */
        bool dead_devices; /* nodev */
        bool slave; /* later mounts below the original propagate here; without it, none do */
        bool shared; /* as far as the original does: they propagate, and in both directions */
} MountOptions;

/* Makes a detached copy of the mount at path (relative to dir_fd; "" is dir_fd itself). -EINVAL: the file system cannot
 * map IDs. */
int mount_clone(int dir_fd, const char *path, const MountOptions *options);
/* Attaches it to an open directory or file. */
int mount_attach(int mount_fd, int target_fd);

/* Makes the mount whose root is fd read-only. */
int mount_set_read_only(int fd);

/* Whether what is mounted below the path later appears at other places of the mount that it is on. */
int mount_is_shared(const char *path);

/* Enters a new mount namespace: it receives the host's later mounts, but its own mounts do not propagate to the
 * host. */
int mount_namespace_enter(void);
