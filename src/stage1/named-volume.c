/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/securebits.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>

#include "basic/fs.h"
#include "image/tree/tree-copy.h"
#include "pod/volume-quota.h"
#include "pod/volume-store.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "shared/worker.h"
#include "stage1/named-volume.h"
#include "stage1/sub-path.h"
#include "stage1/volume-group.h"

typedef struct Content {
        const PlanMount *mount;
        const MountContext *context;
} Content;

/* -ENOENT: the image has no directory there, or something else is mounted. */
static int open_content(const Content *c)
{
        _cleanup_close_ int root = mount_open_app_root(c->context, c->mount->content_app), fd = -EBADF;
        _cleanup_free_ char *path = NULL;
        struct stat a, b;
        int r;

        if (root < 0)
                return root;
        r = follow_in_root(root, c->mount->content, &path);
        if (r < 0)
                return r == -ELOOP ? -ENOENT : r;
        fd = open_in_root(root, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0)
                return fd == -ENOTDIR ? -ENOENT : fd;
        if (fstat(root, &a) < 0 || fstat(fd, &b) < 0)
                return -errno;
        return a.st_dev == b.st_dev ? TAKE_FD(fd) : -ENOENT;
}

static int explain_mount(int r, const MountOptions *options, char **reterr_message)
{
        if (r == -EINVAL && options->userns_fd >= 0)
                return explain(reterr_message, r, "its file system cannot map user IDs; move the volumes to another "
                               "one, or run the pod with --private-users=no");
        return explain(reterr_message, r, "cannot mount it: %s", strerror(-r));
}

typedef struct Copy {
        int from;
        int to;
        uid_t uid_base;
} Copy;

/* In such a mount only users that it maps can make files (mount_setattr(2)): it is done as root of the pod, who keeps
 * our capabilities. */
static int copy_as_root_of_the_pod(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Copy *c = userdata;
        MergedLayer layer = { .fd = c->from };

        int r = volume_quota_obey();

        if (r < 0)
                return r;
        if (prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP) < 0)
                return -errno;
        (void) setfsgid(c->uid_base);
        (void) setfsuid(c->uid_base);
        return tree_copy_merged(&(MergedTree) { .layers = &layer, .n = 1 }, c->to, reterr_message);
}

/* The app's root shows the IDs of this pod; written through a mount like the pod's own they are kept as every pod sees
 * them. */
static int copy_content(int data_fd, void *userdata, char **reterr_message)
{
        const Content *c = userdata;
        const MountOptions options = { .userns_fd = c->context->userns_fd };
        _cleanup_close_ int from = open_content(c), to = -EBADF;
        Worker worker = WORKER_NONE;
        Copy copy;
        int r;

        if (from < 0)
                return from == -ENOENT ? 0 : from;
        to = mount_clone(data_fd, "", &options);
        if (to < 0)
                return explain_mount(to, &options, reterr_message);
        copy = (Copy) { from, to, c->context->uid_base };
        r = worker_start(copy_as_root_of_the_pod, &copy, &worker);
        return r < 0 ? r : worker_finish(&worker, NULL, 0, reterr_message);
}

static int open_volume(const PlanMount *m, const MountContext *context, VolumeLock *lock, char **reterr_message)
{
        _cleanup_free_ char *origin = m->content ? strjoin(m->content_app, ":", m->content) : NULL;
        Content content = { m, context };
        const VolumeFill fill = {
                .fill = m->content ? copy_content : NULL,
                .userdata = &content,
                .record = { .origin = origin },
        };

        return origin || !m->content ? volume_use(lock, &fill, reterr_message) : -ENOMEM;
}

/* The lock is held until we have the mount: what is removed after that stays, unseen, as long as the pod has it. */
int named_volume_clone(const PlanMount *m, const MountContext *context, char **reterr_message)
{
        const MountOptions options = {
                .userns_fd = m->map_ids ? context->userns_fd : -EBADF,
                .read_only = m->read_only,
                .dead_devices = true,
        };
        _cleanup_(volume_store_freep) VolumeStore *store = NULL;
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;
        _cleanup_close_ int data = -EBADF, part = -EBADF;
        int r;

        r = volume_store_open(context->data, &store);
        if (r < 0)
                return explain(reterr_message, r, "%s: cannot open %s/volumes: %s", m->what, context->data,
                               strerror(-r));
        r = volume_lock(store, m->source, &lock, reterr_message);
        if (r < 0)
                return r;
        data = open_volume(m, context, &lock, reterr_message);
        if (data < 0)
                return data;
        r = m->group > 0 ? volume_group_apply(data, m->group) : 0;
        if (r < 0)
                return explain(reterr_message, r, "volume '%s': cannot give its files to group %u: %s", m->source,
                               m->group, strerror(-r));
        part = m->sub_path ? sub_path_open(data, m->sub_path) : TAKE_FD(data);
        if (part < 0)
                return explain(reterr_message, part, "volume '%s': cannot open %s in it: %s", m->source, m->sub_path,
                               strerror(-part));
        r = mount_clone(part, "", &options);
        if (r >= 0)
                return r;
        (void) explain_mount(r, &options, reterr_message);
        return explain_context(reterr_message, r, "volume '%s'", m->source);
}
