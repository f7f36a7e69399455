/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "basic/fs.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/image-volume.h"
#include "stage1/layers.h"

/* In the scratch directory, a directory of this name and the image's ID has its layers, and these. */
#define SCRATCH_PREFIX "image-"
#define TOP "top"
#define TREE "tree"

/* Like the top directory of the image, but everybody can read and enter it, as it is with the root of an app. It is a
 * layer of its own: overlayfs wants two at least. */
static int make_top(int scratch)
{
        _cleanup_close_ int top = mkdir_open_at(scratch, TOP, 0700);
        struct stat st;

        if (top < 0)
                return top;
        if (fstatat(scratch, "0", &st, 0) < 0)
                return -errno;
        return fchown(top, st.st_uid, st.st_gid) < 0 || fchmod(top, (st.st_mode & 0777) | 0555) < 0 ? -errno : 0;
}

static int mount_layers(const char *lowerdir, int scratch)
{
        _cleanup_free_ char *options = strjoin("lowerdir=" TOP ":", lowerdir);
        _cleanup_close_ int tree = mkdir_open_at(scratch, TREE, 0700);
        char path[PROC_FD_PATH_MAX];
        int r;

        if (!options || tree < 0)
                return options ? tree : -ENOMEM;
        if (fchdir(scratch) < 0)
                return -errno;
        r = mount("overlay", proc_fd_path(tree, path), "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID, options) < 0
                    ? -errno
                    : 0;
        return chdir("/") < 0 && r >= 0 ? -errno : r;
}

static int stack(const PlanMount *m, const MountContext *context, int scratch, char **reterr_message)
{
        _cleanup_free_ char *lowerdir = NULL;
        int r = layers_attach(m->lowers, m->what, m->map_ids ? context->userns_fd : -EBADF, scratch, &lowerdir,
                              reterr_message);

        if (r >= 0)
                r = make_top(scratch);
        return r < 0 ? r : mount_layers(lowerdir, scratch);
}

/* The tree of the image, which is made once. */
static int open_tree_of(const PlanMount *m, const MountContext *context, char **reterr_message)
{
        _cleanup_free_ char *name = strjoin(SCRATCH_PREFIX, m->source);
        _cleanup_close_ int scratch = -EBADF;
        int r = 0;

        if (!name)
                return -ENOMEM;
        if (mkdirat(context->scratch_fd, name, 0700) >= 0) {
                scratch = open_directory_at(context->scratch_fd, name);
                r = scratch < 0 ? scratch : stack(m, context, scratch, reterr_message);
        } else if (errno == EEXIST)
                scratch = open_directory_at(context->scratch_fd, name);
        else
                return -errno;
        if (r < 0 || scratch < 0)
                return MIN(r, scratch);
        return open_directory_at(scratch, TREE);
}

/* Links in the image take it for the root: they do not lead out of it. */
static int open_part(const PlanMount *m, int tree, char **reterr_message)
{
        _cleanup_close_ int fd = open_in_root(tree, m->sub_path, O_PATH);
        struct stat st;

        if (fd < 0)
                return explain(reterr_message, fd, "%s: its image has no %s: %s", m->what, m->sub_path, strerror(-fd));
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISDIR(st.st_mode) || S_ISREG(st.st_mode)
                       ? TAKE_FD(fd)
                       : explain(reterr_message, EINVAL, "%s: %s in its image is neither a directory nor a file",
                                 m->what, m->sub_path);
}

static int clone(const PlanMount *m, MountContext *context, char **reterr_message)
{
        const MountOptions options = { .userns_fd = -EBADF, .read_only = true, .no_devices = true };
        _cleanup_close_ int tree = open_tree_of(m, context, reterr_message), part = -EBADF;

        if (tree < 0 || !m->sub_path)
                return tree < 0 ? tree : mount_clone(tree, "", &options);
        part = open_part(m, tree, reterr_message);
        return part < 0 ? part : mount_clone(part, "", &options);
}

int image_volume_clone(const PlanMount *m, MountContext *context, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int fd = clone(m, context, &message);

        if (fd >= 0)
                return fd;
        if (message)
                return explain(reterr_message, fd, "%s", message);
        if (fd == -EINVAL && m->map_ids)
                return explain(reterr_message, fd, "%s: the store's file system cannot map user IDs; move it to "
                               "another one or run the pod with --private-users=no", m->what);
        return explain(reterr_message, fd, "%s: cannot mount its image: %s", m->what, strerror(-fd));
}
