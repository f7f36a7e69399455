/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "basic/fs.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/layers.h"
#include "stage1/app-view.h"
#include "stage1/uid-range.h"

#define SCRATCH_DIRECTORY "/run/podctl/view"

/* A directory that no other process sees. */
static int make_scratch(void)
{
        int r;

        r = mkdir_p_at(AT_FDCWD, SCRATCH_DIRECTORY, 0700);
        if (r < 0)
                return r;
        r = mount_namespace_enter();
        if (r < 0)
                return r;
        if (mount("podctl", SCRATCH_DIRECTORY, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0700,size=1m") < 0)
                return -errno;
        return open_directory_at(AT_FDCWD, SCRATCH_DIRECTORY);
}

/* Maps the pod's user IDs back. Leaves *ret alone where the pod has no range of its own. */
static int open_mapping(const Pod *pod, int *ret)
{
        uid_t base;
        int r;

        r = pod_uid_base(pod, &base);
        if (r < 0 || base == 0)
                return r;
        *ret = userns_open_reverse(base);
        return MIN(*ret, 0);
}

/* What the app wrote, under the name "u". */
static int attach_upper(const Pod *pod, const char *app, int scratch, char **reterr_message)
{
        _cleanup_free_ char *below = strjoin("apps/", app, "/upper"), *path = below ? pod_path(pod, below) : NULL;
        _cleanup_close_ int userns = -EBADF, upper = -EBADF, target = -EBADF;
        int r;

        if (!path)
                return -ENOMEM;
        r = open_mapping(pod, &userns);
        if (r < 0)
                return explain(reterr_message, -r, "cannot map the pod's user IDs: %s", strerror(-r));
        /* By its path: the pod's fd is on a mount of the namespace we came from. */
        upper = mount_clone(AT_FDCWD, path, &(MountOptions) { .userns_fd = userns, .read_only = true });
        if (upper == -ENOENT)
                return explain(reterr_message, ENOENT, "app '%s' was never started", app);
        if (upper < 0)
                return upper;
        target = mkdir_open_at(scratch, "u", 0700);
        return target < 0 ? target : mount_attach(upper, target);
}

static int mount_view(const Pod *pod, const char *app, char *const *lowers, int scratch, char **reterr_message)
{
        _cleanup_free_ char *lowerdir = NULL, *options = NULL;
        int r;

        r = attach_upper(pod, app, scratch, reterr_message);
        if (r < 0)
                return r;
        r = layers_attach(lowers, app, -EBADF, scratch, &lowerdir, reterr_message);
        if (r < 0)
                return r;
        options = strjoin("lowerdir=u:", lowerdir);
        if (!options)
                return -ENOMEM;
        if (mkdirat(scratch, "root", 0700) < 0 || fchdir(scratch) < 0)
                return -errno;
        r = mount("overlay", "root", "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID, options) < 0 ? -errno : 0;
        if (chdir("/") < 0 && r >= 0)
                r = -errno;
        return r < 0 ? r : open_directory_at(scratch, "root");
}

int app_view_open_upper(const Pod *pod, const char *app, int *ret_upper, char **reterr_message)
{
        _cleanup_strv_free_ char **lowers = NULL;
        _cleanup_close_ int scratch = -EBADF, here = open_directory_at(AT_FDCWD, "."), upper = -EBADF, root = -EBADF;
        int r;

        r = pod_app_lowers(pod, app, &lowers);
        if (r < 0)
                return r;
        scratch = make_scratch();
        root = scratch < 0 ? scratch : mount_view(pod, app, lowers, scratch, reterr_message);
        /* The caller's relative paths are to lead where they led before. */
        if (here >= 0 && fchdir(here) < 0)
                return -errno;
        if (root < 0)
                return root;
        upper = open_directory_at(scratch, "u");
        if (upper < 0)
                return upper;
        *ret_upper = TAKE_FD(upper);
        return TAKE_FD(root);
}

int app_view_open(const Pod *pod, const char *app, char **reterr_message)
{
        _cleanup_close_ int upper = -EBADF;

        return app_view_open_upper(pod, app, &upper, reterr_message);
}
