/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>
#include <sys/syscall.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/fly/fly-root.h"

static const char *const kernel_places[] = { "/dev", "/proc", "/sys" };

/* Of its own: in the host's, root could read what somebody types (devpts, Documentation/filesystems/devpts.rst in the
 * kernel). /dev/ptmx leads to those that are mounted beside it. */
static int mount_terminals(int root_fd)
{
        _cleanup_close_ int target = open_in_root(root_fd, "/dev/pts", O_PATH | O_DIRECTORY);
        char path[PROC_FD_PATH_MAX];

        if (target < 0)
                return target;
        return mount("devpts", proc_fd_path(target, path), "devpts", MS_NOSUID | MS_NOEXEC,
                     "newinstance,ptmxmode=0666,mode=0620,gid=5") < 0
                       ? -errno
                       : 0;
}

int fly_mount_kernel(const PlanApp *app, int root_fd, char **reterr_message)
{
        int r;

        for (size_t i = 0; i < ELEMENTSOF(kernel_places); i++) {
                const char *place = kernel_places[i];
                const MountOptions options = {
                        .userns_fd = -EBADF,
                        .recursive = true,
                        .slave = true,
                        .read_only = streq(place, "/sys") && !app->open_paths,
                };
                _cleanup_close_ int target = open_in_root(root_fd, place, O_PATH | O_DIRECTORY),
                                    source = target < 0 ? target : mount_clone(AT_FDCWD, place, &options);

                r = source < 0 ? source : mount_attach(source, target);
                if (r < 0)
                        return explain(reterr_message, r, "app '%s': cannot mount the host's %s: %s", app->app->name,
                                       place, strerror(-r));
        }
        r = mount_terminals(root_fd);
        return r < 0 ? explain(reterr_message, r, "app '%s': cannot mount terminals of its own: %s", app->app->name,
                               strerror(-r))
                     : 0;
}

static bool is_of_kernel(const char *path)
{
        for (size_t i = 0; i < ELEMENTSOF(kernel_places); i++)
                if (path_is_at_or_below(path, kernel_places[i]))
                        return true;
        return false;
}

/* Nothing is made in the host's own file systems. */
static int open_place(int root_fd, const char *path, bool directory)
{
        const MountContext context = {};

        return is_of_kernel(path) ? open_in_root(root_fd, path, O_PATH)
                                  : mount_make_target(&context, root_fd, path, directory);
}

static int move(int source_fd, int root_fd, const char *path)
{
        _cleanup_close_ int target = -EBADF;
        struct stat st;

        if (fstat(source_fd, &st) < 0)
                return -errno;
        target = open_place(root_fd, path, S_ISDIR(st.st_mode));
        return target < 0 ? target : mount_attach(source_fd, target);
}

static int mount_one(const MountContext *context, const LateMount *m, int root_fd, char **reterr_message)
{
        _cleanup_close_ int source = open_in_root(context->root_fd, m->source, O_PATH);
        int r = source < 0 ? source : move(source, root_fd, m->target);

        if (r == -ENOENT)
                return explain(reterr_message, ENOENT,
                               "app '%s': no volume can be mounted at %s, which the host does not have", m->app,
                               m->target);
        return r < 0 ? explain(reterr_message, r, "app '%s': cannot mount the volume at %s: %s", m->app, m->target,
                               strerror(-r))
                     : 0;
}

/* The launcher is executed from below it, and knows itself from there. */
static int check_place(const LateMount *m, char **reterr_message)
{
        return streq(m->target, "/proc")
                       ? explain(reterr_message, EINVAL, "app '%s': no volume can be at /proc, only below it", m->app)
                       : 0;
}

static int mount_those(const MountContext *context, bool shared, int root_fd, char **reterr_message)
{
        for (size_t i = 0; i < context->late.n; i++) {
                int r = context->late.items[i].shared == shared
                                ? mount_one(context, &context->late.items[i], root_fd, reterr_message)
                                : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

int fly_mount_late(const MountContext *context, int root_fd, char **reterr_message)
{
        for (size_t i = 0; i < context->late.n; i++) {
                int r = check_place(&context->late.items[i], reterr_message);

                if (r < 0)
                        return r;
        }
        return mount_those(context, false, root_fd, reterr_message);
}

/* Places that only the kernel's file systems may have, and ours, cannot be covered any more; nor other volumes. */
static int check_shared(const MountContext *context, const LateMount *m, char **reterr_message)
{
        static const char *const reserved[] = { "/dev", "/proc", "/run", "/sys" };

        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (path_is_at_or_below(reserved[i], m->target))
                        return explain(reterr_message, EINVAL,
                                       "app '%s': no volume with propagation=shared can be at %s, only below it",
                                       m->app, m->target);
        for (size_t i = 0; i < context->late.n; i++)
                if (&context->late.items[i] != m && path_is_at_or_below(context->late.items[i].target, m->target))
                        return explain(reterr_message, EINVAL,
                                       "app '%s': a volume at %s would appear on the host, since that at %s has "
                                       "propagation=shared", m->app, context->late.items[i].target, m->target);
        return 0;
}

int fly_mount_shared(const MountContext *context, int root_fd, char **reterr_message)
{
        for (size_t i = 0; i < context->late.n; i++) {
                int r = context->late.items[i].shared ? check_shared(context, &context->late.items[i], reterr_message)
                                                      : 0;

                if (r < 0)
                        return r;
        }
        return mount_those(context, true, root_fd, reterr_message);
}

int fly_bind(const char *source, int root_fd, const char *path)
{
        _cleanup_close_ int fd = mount_clone(AT_FDCWD, source,
                                             &(MountOptions) { .userns_fd = -EBADF, .recursive = true });

        return fd < 0 ? fd : move(fd, root_fd, path);
}

/* The old root is stacked on the new one, and then taken off (pivot_root(2)). */
int fly_enter(int root_fd)
{
        _cleanup_close_ int root = open_directory_at(root_fd, ".");

        if (root < 0)
                return root;
        if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
            chdir("/") < 0)
                return -errno;
        return 0;
}
