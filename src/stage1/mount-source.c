/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "pod/plan-sources.h"
#include "pod/volume-quota.h"
#include "pod/volume-store.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/memory-volume.h"
#include "stage1/mount-source.h"
#include "stage1/sub-path.h"

/* A name in the scratch directory, beside those of app's roots, which begin with '-'. */
#define SCRATCH_DEVICES "devices"

int mount_open_app_root(const MountContext *context, const char *app)
{
        _cleanup_free_ char *path = NULL;

        if (!app)
                return open_in_root(context->root_fd, "/", O_PATH | O_DIRECTORY);
        path = strjoin(POD_STAGE2_DIR "/", app, "/rootfs");
        return path ? open_in_root(context->root_fd, path, O_PATH | O_DIRECTORY) : -ENOMEM;
}

int mount_make_target(const MountContext *context, int root_fd, const char *path, bool directory)
{
        int fd =
                directory ? mkdir_in_root(root_fd, path, 0755, context->uid_base) : open_in_root(root_fd, path, O_PATH);

        return directory || fd != -ENOENT ? fd : make_file_in_root(root_fd, path, 0644, 0755, context->uid_base);
}

/* Directories of the pod */

static int make_file(const PlanMount *m)
{
        _cleanup_close_ int fd = open(m->source, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);

        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        return fchown(fd, m->uid, m->gid) < 0 || fchmod(fd, m->mode) < 0 ? -errno : 0;
}

/* Where the file system can; a pod runs without it as well, and whoever started it is told. */
static int limit_size(const PlanMount *m, const MountContext *context)
{
        _cleanup_(volume_store_freep) VolumeStore *store = NULL;
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, m->source);
        _cleanup_free_ char *message = NULL;
        uint32_t project;
        int r = fd < 0 ? fd : volume_store_open(context->data, &store);

        if (r >= 0)
                r = volume_quota_set(fd, store->fd, m->size, &project, &message);
        if (r != -EOPNOTSUPP)
                return r;
        log_warning("%s: its size is not limited: %s", m->what, strempty(message));
        return 0;
}

static int make_source(const PlanMount *m, const MountContext *context)
{
        _cleanup_free_ char *parent = strndup(m->source, (size_t) (path_basename(m->source) - m->source));
        int r;

        if (!parent)
                return -ENOMEM;
        r = mkdir_p_at(AT_FDCWD, parent, 0755);
        if (r < 0)
                return r;
        /* Two apps may share it; what is already there is as it should be. */
        if (m->make_file)
                return make_file(m);
        if (mkdir(m->source, 0700) < 0)
                return errno == EEXIST ? 0 : -errno;
        if (chown(m->source, m->uid, m->gid) < 0 || chmod(m->source, m->mode) < 0)
                return -errno;
        return m->size > 0 ? limit_size(m, context) : 0;
}

/* In an app's own root, where its image has something, or not. */
static int open_image_source(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->source_app), fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        int r;

        if (root < 0)
                return root;
        r = follow_in_root(root, m->source, &path);
        if (r < 0)
                return r;
        fd = open_in_root(root, path, O_PATH);
        return fd == -ENOENT ? mount_make_target(context, root, path, true) : TAKE_FD(fd);
}

/* Devices: nodes of our own, since the file system that the host has its own in cannot map IDs. */

static int open_devices(MountContext *context)
{
        _cleanup_close_ int fd = mkdir_open_at(context->scratch_fd, SCRATCH_DEVICES, 0700);
        char link[PROC_FD_PATH_MAX];

        if (fd < 0 || context->n_devices > 0)
                return TAKE_FD(fd);
        if (mount("tmpfs", proc_fd_path(fd, link), "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=0700") < 0)
                return -errno;
        return open_directory_at(context->scratch_fd, SCRATCH_DEVICES);
}

static uid_t shifted(const MountContext *context, uid_t id)
{
        return id < POD_UID_COUNT ? context->uid_base + id : id;
}

/* A read-only device belongs to a user that the pod's root has no power over, and to root's group there: a read-only
 * mount keeps nobody from writing to a device. */
static int make_node(const MountContext *context, int dir_fd, const char *name, const struct stat *st,
                     const char *access)
{
        bool writable = strchr(access, 'w') || context->uid_base == 0;
        mode_t mode = writable ? st->st_mode & 0777 : (st->st_mode & 0444) | 0440;
        uid_t uid = writable ? shifted(context, st->st_uid) : 0;
        gid_t gid = writable ? shifted(context, st->st_gid) : context->uid_base;

        if (mknodat(dir_fd, name, (st->st_mode & S_IFMT) | 0600, st->st_rdev) < 0 ||
            fchownat(dir_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0 || fchmodat(dir_fd, name, mode, 0) < 0)
                return -errno;
        return 0;
}

static int copy_link(int from_fd, int to_fd, const char *name)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(from_fd, name, target, sizeof(target) - 1);

        if (n < 0)
                return -errno;
        target[n] = 0;
        return symlinkat(target, to_fd, name) < 0 ? -errno : 0;
}

/* Nodes, and links to such, of one file system. */
static int copy_devices(const MountContext *context, int from_fd, int to_fd, dev_t device, const char *access)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = fchown(to_fd, context->uid_base, context->uid_base) < 0 ? -errno
                                                                        : list_directory_all_at(from_fd, ".", &names);

        STRV_FOREACH(name, names) {
                struct stat st;

                if (r < 0)
                        return r;
                if (fstatat(from_fd, *name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
                        continue;
                if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
                        r = make_node(context, to_fd, *name, &st, access);
                else if (S_ISLNK(st.st_mode))
                        r = copy_link(from_fd, to_fd, *name);
                else if (S_ISDIR(st.st_mode)) {
                        _cleanup_close_ int from = open_directory_at(from_fd, *name),
                                            to = mkdir_open_at(to_fd, *name, 0755);

                        r = from < 0 ? from : to < 0 ? to : copy_devices(context, from, to, device, access);
                }
        }
        return r;
}

/* The device, or the directory of devices, as the pod is to see it. */
static int open_own_devices(const PlanMount *m, MountContext *context, int source_fd, const struct stat *st)
{
        _cleanup_close_ int devices = open_devices(context), directory = -EBADF;
        char name[16];
        int r, fd;

        if (devices < 0)
                return devices;
        (void) snprintf(name, sizeof(name), "%u", context->n_devices++);
        if (S_ISDIR(st->st_mode)) {
                directory = mkdir_open_at(devices, name, 0755);
                r = directory < 0 ? directory
                                  : copy_devices(context, source_fd, directory, st->st_dev, m->device_access);
        } else
                r = make_node(context, devices, name, st, m->device_access);
        if (r < 0)
                return r;
        fd = openat(devices, name, O_PATH | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

/* 1: there is a device. */
static int wants_own_devices(const PlanMount *m, const MountContext *context, int fd, const struct stat *st)
{
        const bool maps = m->map_ids && context->userns_fd >= 0;

        if (!m->device_access)
                return 0;
        if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
                struct statfs fs;

                return fstatfs(fd, &fs) < 0 ? -errno : fs.f_flags & ST_NODEV ? -EACCES : maps;
        }
        return maps && S_ISDIR(st->st_mode) && streq(m->device_access, "r") &&
               source_may_have_devices(fd);
}

static int open_part(const PlanMount *m, int volume_fd)
{
        return m->sub_path ? sub_path_open(volume_fd, m->sub_path) : fcntl(volume_fd, F_DUPFD_CLOEXEC, 3);
}

static int open_host_source(const PlanMount *m)
{
        _cleanup_close_ int fd = open(m->source, O_PATH | O_CLOEXEC);

        return fd < 0 ? -errno : open_part(m, fd);
}

static int clone_with_owners(const PlanMount *m, MountContext *context, const MountOptions *options)
{
        bool maps = options->userns_fd >= 0;
        _cleanup_close_ int fd = open_host_source(m), own = -EBADF;
        /* By its path, a directory that the host mounts at the first use is mounted. */
        int at = m->sub_path ? fd : AT_FDCWD;
        const char *path = m->sub_path ? "" : m->source;
        MountOptions unmapped = *options;
        struct stat st;
        int r;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (m->source_format && m->source_format != (st.st_mode & S_IFMT))
                return -ENOTSUP;
        unmapped.userns_fd = -EBADF;
        r = wants_own_devices(m, context, fd, &st);
        if (r == 0) {
                r = mount_clone(at, path, options);
                /* Some file system in there cannot map IDs; for programs that all may read that does no harm. */
                if (r == -EINVAL && maps && m->map_ids_optional)
                        return mount_clone(at, path, &unmapped);
                if (r != -EINVAL || !maps || !m->device_access || !S_ISDIR(st.st_mode) || !source_may_have_devices(fd))
                        return r;
        } else if (r < 0)
                return r;

        _cleanup_close_ int readable = S_ISDIR(st.st_mode) ? open_directory_at(fd, ".") : -EBADF;
        own = open_own_devices(m, context, readable, &st);
        return own < 0 ? own : mount_clone(own, "", &unmapped);
}

static int clone_without_owners(const PlanMount *m, const MountOptions *options, int error)
{
        _cleanup_close_ int fd = open_host_source(m);
        MountOptions unmapped = *options;
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode) ||
            (m->source_format && m->source_format != (st.st_mode & S_IFMT)))
                return error;
        unmapped.userns_fd = -EBADF;
        log_warning("%s: the file system of %s, or one below it, cannot map user IDs: its files belong to nobody in "
                    "the pod, which reads what all may read", m->what, m->source);
        return mount_clone(m->sub_path ? fd : AT_FDCWD, m->sub_path ? "" : m->source, &unmapped);
}

/* Nobody can write to one that is read-only: it is of use without owners as well, as /proc, /sys, or all of the host
 * are. */
static int clone_host(const PlanMount *m, MountContext *context, const MountOptions *options)
{
        int fd = clone_with_owners(m, context, options);
        const bool cannot_map = fd == -EINVAL || fd == -EPERM;

        return cannot_map && m->owners_may_go && options->userns_fd >= 0 ? clone_without_owners(m, options, fd) : fd;
}

/* Only a clone that is made there, where the source is a peer of what it is mounted from, propagates back. */
static int clone_shared(const PlanMount *m, MountContext *context, const MountOptions *options)
{
        _cleanup_close_ int own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC), fd = -EBADF;

        if (own < 0 || setns(context->host_mounts_fd, CLONE_NEWNS) < 0)
                return -errno;
        fd = clone_host(m, context, options);
        if (setns(own, CLONE_NEWNS) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int clone_own(const PlanMount *m, MountContext *context, const MountOptions *options, char **reterr_message)
{
        _cleanup_close_ int fd = m->kind == PLAN_MOUNT_TMPFS ? memory_volume_open(m, context, reterr_message)
                                                             : open_image_source(m, context);
        _cleanup_close_ int part = fd < 0 ? fd : open_part(m, fd);

        return part < 0 ? part : mount_clone(part, "", options);
}

static int clone_source(const PlanMount *m, MountContext *context, bool is_own, const MountOptions *options,
                        char **reterr_message)
{
        int r = m->make_source || m->make_file ? make_source(m, context) : 0;

        if (r < 0)
                return r;
        return is_own ? clone_own(m, context, options, reterr_message)
               : m->shared ? clone_shared(m, context, options)
                           : clone_host(m, context, options);
}

int mount_source_clone(const PlanMount *m, MountContext *context, char **reterr_message)
{
        const bool is_own = m->kind == PLAN_MOUNT_TMPFS || m->source_app;
        const MountOptions options = {
                .userns_fd = m->map_ids && !is_own ? context->userns_fd : -EBADF,
                .read_only = m->read_only,
                .recursive = m->recursive,
                .writable_below = m->writable_below,
                .data_only = m->data_only,
                .slave = m->slave,
                .shared = m->shared,
        };
        int r = clone_source(m, context, is_own, &options, reterr_message);

        if (r == -EINVAL && options.userns_fd >= 0)
                return explain(reterr_message, EINVAL,
                               "%s: the file system of %s cannot map user IDs; move it to another one, make "
                               "the volume read-only, give it idMap=false, or run the pod with --private-users=no",
                               m->what, m->source);
        if (r == -ENOTSUP && m->source_format)
                return plan_explain_format(m, reterr_message);
        if (r == -EACCES && m->device_access)
                return explain(reterr_message, EACCES, "%s: %s is a device on a file system that is mounted nodev",
                               m->what, m->source);
        if (r == -EPERM && m->device_access)
                return explain(reterr_message, EPERM,
                               "%s: the pod's unit does not let it make device %s; give it DeviceAllow=%s %s",
                               m->what, m->source, m->source, strchr(m->device_access, 'w') ? "rwm" : "rm");
        if (r < 0 && reterr_message && *reterr_message)
                return r;
        return r < 0 ? explain(reterr_message, -r, "%s: cannot use %s%s%s: %s", m->what, m->source,
                               m->sub_path ? "/" : "", strempty(m->sub_path), strerror(-r)) : r;
}
