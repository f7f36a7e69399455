/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>

#include "basic/fs.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/memory-volume.h"

/* In the scratch directory. */
#define SCRATCH_PREFIX "tmpfs-"

/* Its root belongs to a user of the pod, like that of another volume. */
static int mount_new(const PlanMount *m, const MountContext *context, int target)
{
        _cleanup_free_ char *size = m->size > 0 ? strprintf(",size=%" PRIu64, m->size) : strdup(""),
                            *options = size ? strprintf("mode=%o,uid=%u,gid=%u%s", (unsigned) m->mode,
                                                        context->uid_base + m->uid, context->uid_base + m->gid, size)
                                            : NULL;
        char path[PROC_FD_PATH_MAX];

        if (!options)
                return -ENOMEM;
        return mount("tmpfs", proc_fd_path(target, path), "tmpfs", MS_NOSUID | MS_NODEV, options) < 0 ? -errno : 0;
}

/* Root of the pod may have put something else there. What is mounted there is the pod's, whatever it is; a file or a
 * directory of the pod's own tree is not a volume. */
static int clone_place(const char *path)
{
        _cleanup_close_ int fd = open_resolving(AT_FDCWD, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        struct statx stx;
        struct statfs fs;

        if (fd < 0)
                return fd;
        if (statx(fd, "", AT_EMPTY_PATH, STATX_TYPE, &stx) < 0 || fstatfs(fd, &fs) < 0)
                return -errno;
        if (!(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) || fs.f_type != TMPFS_MAGIC)
                return -ENOENT;
        return mount_clone(fd, "", &(MountOptions) { .userns_fd = -EBADF });
}

/* Only who is in a mount namespace can copy what is mounted there. */
static int clone_of_pod(const MountContext *context, const char *path)
{
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), fd = -EBADF;

        if (own < 0 || setns(context->pod_mounts_fd, CLONE_NEWNS) < 0)
                return -errno;
        fd = clone_place(path);
        if (setns(own, CLONE_NEWNS) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* The same volume again, in the pod's place for it. */
static int keep(const MountContext *context, int volume, const char *path)
{
        _cleanup_close_ int clone = mount_clone(volume, "", &(MountOptions) { .userns_fd = -EBADF }),
                            target = clone < 0 ? clone : mkdir_in_root(context->root_fd, path, 0700,
                                                                       context->uid_base);

        return target < 0 ? target : mount_attach(clone, target);
}

static int make(const PlanMount *m, const MountContext *context, int target, const char *name, const char *path)
{
        _cleanup_close_ int volume = -EBADF;
        int r = mount_new(m, context, target);

        if (r < 0 || !m->of_pod)
                return r;
        /* What was opened before is beneath the mount. */
        volume = open_directory_at(context->scratch_fd, name);
        return volume < 0 ? volume : keep(context, volume, path);
}

static int take_or_make(const PlanMount *m, const MountContext *context, int target, const char *name,
                        char **reterr_message)
{
        _cleanup_free_ char *path = strjoin(MEMORY_VOLUME_DIRECTORY "/", m->source);
        const bool late = m->of_pod && context->pod_mounts_fd >= 0;
        _cleanup_close_ int found = !path ? -ENOMEM : late ? clone_of_pod(context, path) : -ENOENT;

        if (found >= 0)
                return mount_attach(found, target);
        if (found != -ENOENT && found != -ELOOP && found != -ENOTDIR)
                return found;
        if (late && m->has_others)
                return explain(reterr_message, ESTALE, "%s: other apps of the pod have it, and it is not at %s in the "
                               "pod any more; restart the pod", m->what, path);
        return make(m, context, target, name, path);
}

int memory_volume_open(const PlanMount *m, MountContext *context, char **reterr_message)
{
        _cleanup_free_ char *name = strjoin(SCRATCH_PREFIX, m->source);
        _cleanup_close_ int target = -EBADF;
        int r;

        if (!name)
                return -ENOMEM;
        if (mkdirat(context->scratch_fd, name, 0700) < 0)
                return errno == EEXIST ? open_directory_at(context->scratch_fd, name) : -errno;
        target = open_directory_at(context->scratch_fd, name);
        r = target < 0 ? target : take_or_make(m, context, target, name, reterr_message);
        return r < 0 ? r : open_directory_at(context->scratch_fd, name);
}
