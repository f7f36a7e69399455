/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "pod/pod-volumes.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/app-mounts.h"
#include "stage1/image-volume.h"
#include "stage1/layers.h"
#include "stage1/named-volume.h"

/* A place that systemd can mount it from, or systemd-nspawn before that. */
static int open_late_target(const PlanMount *m, MountContext *context, const char *path, bool directory)
{
        const LateMount *late;
        int r;

        r = late_mounts_add(&context->late, m->app, path, m->slave && !context->own_mounts, &late);
        if (r < 0)
                return r;
        context->late.items[context->late.n - 1].shared = m->shared;
        if (late->scratch) {
                _cleanup_close_ int place = mount_make_target(context, context->root_fd, late->source, directory);

                return place < 0 ? place : mount_make_target(context, context->scratch_fd, late->scratch, directory);
        }
        return mount_make_target(context, context->root_fd, late->source, directory);
}

static int open_target(const PlanMount *m, MountContext *context, bool directory)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->app);
        _cleanup_free_ char *target = NULL;
        int r;

        if (root < 0)
                return root;
        r = follow_in_root(root, m->target, &target);
        if (r < 0)
                return r;
        if (m->app)
                r = late_mounts_check(&context->late, m->app, target,
                                      m->shared || (m->slave && !context->own_mounts));
        if (r < 0)
                return r;
        return r > 0 ? open_late_target(m, context, target, directory)
                     : mount_make_target(context, root, target, directory);
}

/* Whether the app has the file itself. An empty one is what other engines leave where they mounted theirs. */
static bool app_has_file(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->app),
                            fd = root < 0 ? -EBADF : open_in_root(root, m->target, O_PATH);
        struct stat st;

        return fd >= 0 && fstat(fd, &st) >= 0 && !(S_ISREG(st.st_mode) && st.st_size == 0);
}

/* A link that leads nowhere, as images have them to files of a running system, is in the way of our file. */
static void remove_dangling_link(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->app),
                            fd = root < 0 ? -EBADF : open_in_root(root, m->target, O_PATH), etc = -EBADF;
        struct stat st;

        if (root < 0 || fd != -ENOENT)
                return;
        etc = open_in_root(root, "/etc", O_PATH | O_DIRECTORY);
        if (etc >= 0 && fstatat(etc, path_basename(m->target), &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(st.st_mode))
                (void) unlinkat(etc, path_basename(m->target), 0);
}

/* Where a volume covers /etc, what is missing there is not ours to make. */
static bool etc_is_a_volume(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->app), etc = -EBADF;
        struct stat a, b;

        if (root < 0)
                return false;
        etc = open_in_root(root, "/etc", O_PATH | O_DIRECTORY);
        return etc >= 0 && fstat(root, &a) >= 0 && fstat(etc, &b) >= 0 && a.st_dev != b.st_dev;
}

/* A volume that only the image asks for must not cover a reserved place. */
static bool leads_to_reserved(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->app);
        _cleanup_free_ char *target = NULL;

        if (root < 0 || follow_in_root(root, m->target, &target) < 0 || !pod_place_is_reserved(target))
                return false;
        log_warning("App '%s': mount point %s leads to %s, where no image gets a volume", m->app, m->target, target);
        return true;
}

static bool is_needless(const PlanMount *m, const MountContext *context)
{
        if (m->if_source && access(m->source, F_OK) < 0)
                return true;
        if (m->implied && leads_to_reserved(m, context))
                return true;
        return (m->if_absent && app_has_file(m, context)) || (m->unless_volume && etc_is_a_volume(m, context));
}

/* In a file system of the kernel, the pod has what we have. */
static int stat_target(int root, const char *target, struct stat *ret)
{
        static const char *const kernel[] = { "/dev/", "/proc/", "/sys/" };
        _cleanup_close_ int fd = open_in_root(root, target, O_PATH);

        for (size_t i = 0; i < ELEMENTSOF(kernel); i++)
                if (startswith(target, kernel[i]))
                        return stat(target, ret) < 0 ? -errno : 0;
        return fd < 0 ? fd : fstat(fd, ret) < 0 ? -errno : 0;
}

/* A directory can be mounted on a directory only, anything else on anything else (mount(2)). */
static int check_kinds(const PlanMount *m, const MountContext *context, bool directory, char **reterr_message)
{
        _cleanup_close_ int root = mount_open_app_root(context, m->app);
        _cleanup_free_ char *target = NULL;
        struct stat st;

        if (root < 0 || follow_in_root(root, m->target, &target) < 0 || stat_target(root, target, &st) < 0 ||
            S_ISDIR(st.st_mode) == directory)
                return 0;
        return explain(reterr_message, directory ? ENOTDIR : EISDIR, "%s: %s is %s, and %s in the app is %s", m->what,
                       m->source, directory ? "a directory" : "a file", m->target,
                       directory ? "a file" : "a directory");
}

static int explain_target(const PlanMount *m, MountContext *context, int r, char **reterr_message)
{
        if (m->over_links && etc_is_a_volume(m, context))
                return explain(reterr_message, r, "%s: there is none in the volume that is mounted on /etc", m->target);
        if (r == -EINVAL)
                return explain(reterr_message, r, "%s: %s: a path below /dev, /proc, /run or /sys cannot have quotes, "
                               "backslashes or control characters", m->what, m->target);
        return explain(reterr_message, r, "%s: cannot make %s: %s", m->what, m->target, strerror(-r));
}

static int clone_source(const PlanMount *m, MountContext *context, char **reterr_message)
{
        return m->kind == PLAN_MOUNT_NAMED   ? named_volume_clone(m, context, reterr_message)
               : m->kind == PLAN_MOUNT_IMAGE ? image_volume_clone(m, context, reterr_message)
                                             : mount_source_clone(m, context, reterr_message);
}

static int carry_out_bind(const PlanMount *m, MountContext *context, char **reterr_message)
{
        _cleanup_close_ int source = clone_source(m, context, reterr_message), target = -EBADF;
        struct stat st;
        int r;

        if (source < 0)
                return source;

        if (fstat(source, &st) < 0)
                return -errno;
        r = m->app ? check_kinds(m, context, S_ISDIR(st.st_mode), reterr_message) : 0;
        if (r < 0)
                return r;
        target = open_target(m, context, S_ISDIR(st.st_mode));
        if (target < 0)
                return explain_target(m, context, target, reterr_message);

        r = mount_attach(source, target);
        return r < 0 ? explain(reterr_message, r, "%s: cannot mount on %s: %s", m->what, m->target, strerror(-r)) : 0;
}

/* Root in the pod owns what the app changes. The top directory is as in the image, but everybody can read and enter it:
 * archives made from a directory of mktemp(1) forbid that, other tools ignore it, and otherwise only root could run
 * anything. */
static int prepare_upper(const PlanMount *m, const MountContext *context, int scratch)
{
        struct stat st;
        int r;

        r = mkdir_p_at(AT_FDCWD, m->upper, 0755);
        if (r < 0)
                return r;
        r = mkdir_p_at(AT_FDCWD, m->work, 0700);
        if (r < 0)
                return r;

        if (fstatat(scratch, "0", &st, 0) < 0 || chown(m->upper, st.st_uid, st.st_gid) < 0 ||
            chmod(m->upper, (st.st_mode & 07777) | 0555) < 0 ||
            chown(m->work, context->uid_base, context->uid_base) < 0)
                return -errno;
        if (symlinkat(m->upper, scratch, "u") < 0 || symlinkat(m->work, scratch, "w") < 0)
                return -errno;
        return 0;
}

static int mount_overlay(const PlanMount *m, const MountContext *context, int scratch, int target,
                         char **reterr_message)
{
        _cleanup_free_ char *lowerdir = NULL, *options = NULL;
        char path[PROC_FD_PATH_MAX];
        int r;

        r = layers_attach(m->lowers, m->what, m->map_ids ? context->userns_fd : -EBADF, scratch, &lowerdir,
                          reterr_message);
        if (r < 0)
                return r;
        r = prepare_upper(m, context, scratch);
        if (r < 0)
                return r;

        options = strprintf("lowerdir=%s,upperdir=u,workdir=w", lowerdir);
        if (!options)
                return -ENOMEM;
        if (fchdir(scratch) < 0)
                return -errno;
        /* Devices of an image are not usable: what an app may have is in its own /dev. */
        r = mount("overlay", proc_fd_path(target, path), "overlay", MS_NODEV, options) < 0 ? -errno : 0;
        if (chdir("/") < 0 && r >= 0)
                r = -errno;
        return r;
}

/* An image without /etc wants none, as in rkt. */
static int make_mtab(int root, uid_t owner)
{
        _cleanup_close_ int etc = open_in_root(root, "/etc", O_PATH | O_DIRECTORY);

        if (etc < 0 || faccessat(etc, "mtab", F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return 0;
        return symlinkat("../proc/self/mounts", etc, "mtab") < 0 ||
                               fchownat(etc, "mtab", owner, owner, AT_SYMLINK_NOFOLLOW) < 0
                       ? -errno
                       : 0;
}

/* systemd would look for an absolute one in the pod's root. */
static int make_relative(int root, const char *name, const char *leads_to, uid_t owner)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(root, name, target, sizeof(target));

        if (n < 0 || target[0] != '/')
                return n < 0 ? -errno : 0;
        return unlinkat(root, name, 0) < 0 || symlinkat(leads_to + 1, root, name) < 0 ||
                               fchownat(root, name, owner, owner, AT_SYMLINK_NOFOLLOW) < 0
                       ? -errno
                       : 0;
}

/* Through a link there, an image could have the app put something else in its way later on, while systemd mounts there,
 * or the launcher is executed from there. Links /run and /tmp are usual, and stay unless they lead to such places. */
static int remove_misleading_link(int root, const char *name, uid_t owner)
{
        _cleanup_free_ char *leads_to = NULL;
        struct stat st;
        int r;

        if (fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISLNK(st.st_mode))
                return 0;
        if (streq(name, "run") || streq(name, "tmp")) {
                r = follow_in_root(root, name, &leads_to);
                if (r >= 0 && !pod_place_is_reserved(leads_to))
                        return make_relative(root, name, leads_to, owner);
        }
        return unlinkat(root, name, 0) < 0 ? -errno : 0;
}

/* Where a link leads, a directory may be missing, too. */
static int make_usual_place(const PlanMount *m, const MountContext *context, int root, const char *name,
                            char **reterr_message)
{
        _cleanup_free_ char *path = NULL;
        _cleanup_close_ int made = -EBADF;
        int r = remove_misleading_link(root, name, context->uid_base);

        if (r >= 0)
                r = follow_in_root(root, name, &path);
        if (r < 0)
                return r;
        made = mkdir_in_root(root, path, 0755, context->uid_base);
        return made >= 0 ? 0 : explain(reterr_message, made, "%s: cannot make %s, which is its /%s: %s", m->what, path,
                                       name, strerror(-made));
}

/* Makes the directories on which an app's unit binds the kernel's file systems, and two that programs expect, before
 * links lead there or the root is read-only. */
static int make_usual_places(const PlanMount *m, const MountContext *context, char **reterr_message)
{
        static const char *const directories[] = { "dev", "proc", "run", "sys", "tmp" };
        _cleanup_close_ int root = open_in_root(context->root_fd, m->target, O_PATH | O_DIRECTORY);

        for (size_t i = 0; root >= 0 && i < ELEMENTSOF(directories); i++) {
                int r = make_usual_place(m, context, root, directories[i], reterr_message);

                if (r < 0)
                        return r;
        }
        return root < 0 ? root : make_mtab(root, context->uid_base);
}

/* Keeps /run writable in a read-only root, with what the image has there. */
static int keep_run(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = open_in_root(context->root_fd, m->target, O_PATH | O_DIRECTORY),
                            run = root < 0 ? root : open_in_root(root, "/run", O_PATH | O_DIRECTORY),
                            clone = run < 0 ? run : mount_clone(run, "", &(MountOptions) { .userns_fd = -EBADF });

        return clone < 0 ? clone : mount_attach(clone, run);
}

static int make_overlay(const PlanMount *m, MountContext *context, char **reterr_message)
{
        _cleanup_free_ char *name = strdup(m->target);
        _cleanup_close_ int scratch = -EBADF, target = -EBADF;
        int r;

        if (!name)
                return -ENOMEM;
        for (char *p = name; *p; p++)
                if (*p == '/')
                        *p = '-';

        target = open_target(m, context, true);
        scratch = mkdir_open_at(context->scratch_fd, name, 0700);
        r = target < 0 ? target : scratch < 0 ? scratch : mount_overlay(m, context, scratch, target, reterr_message);
        if (r < 0)
                return r;
        r = make_usual_places(m, context, reterr_message);
        if (r < 0)
                return r;
        return keep_run(m, context);
}

static int carry_out_overlay(const PlanMount *m, MountContext *context, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int r = make_overlay(m, context, &message);

        if (r >= 0)
                return 0;
        if (message)
                return explain(reterr_message, r, "%s", message);
        if (r == -EINVAL && context->userns_fd >= 0)
                return explain(reterr_message, r, "%s: the store's file system cannot map user IDs; move it to another "
                               "one or run the pod with --private-users=no", m->what);
        return explain(reterr_message, r, "%s: cannot mount: %s", m->what, strerror(-r));
}

static int carry_out(const PlanMount *m, MountContext *context, char **reterr_message)
{
        if (is_needless(m, context))
                return 0;
        if (m->over_links)
                remove_dangling_link(m, context);
        return m->kind == PLAN_MOUNT_OVERLAY ? carry_out_overlay(m, context, reterr_message)
                                             : carry_out_bind(m, context, reterr_message);
}

static int seal(const PlanMount *m, const MountContext *context)
{
        _cleanup_close_ int root = -EBADF;

        if (m->kind != PLAN_MOUNT_OVERLAY || !m->read_only)
                return 0;

        root = open_in_root(context->root_fd, m->target, O_PATH | O_DIRECTORY);
        return root < 0 ? root : mount_set_read_only(root);
}

/* A mount, and where its target is once the links in the app's root were followed, which only now can be seen. */
typedef struct Placed {
        const PlanMount *mount;
        char *target;
} Placed;

static void placed_free(Placed *placed, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(placed[i].target);
        free(placed);
}

static int find_target(const PlanMount *m, const MountContext *context, char **ret)
{
        _cleanup_close_ int root = m->app ? mount_open_app_root(context, m->app) : -EBADF;

        if (root >= 0 && follow_in_root(root, m->target, ret) >= 0)
                return 0;
        *ret = strdup(m->target);
        return *ret ? 0 : -ENOMEM;
}

static bool covers(const Placed *a, const Placed *b)
{
        return streq_ptr(a->mount->app, b->mount->app) && path_is_at_or_below(b->target, a->target) &&
               !streq(a->target, b->target);
}

/* What would hide others that are below it comes before them; otherwise the order stays. Roots come first: links are in
 * there. */
static int place(const PlanMounts *mounts, size_t first, const MountContext *context, Placed *placed, size_t *n)
{
        for (size_t i = first; i < mounts->n; i++) {
                Placed next = { .mount = &mounts->items[i] };
                size_t at = 0;
                int r = find_target(next.mount, context, &next.target);

                if (r < 0)
                        return r;
                while (at < *n && !covers(&next, &placed[at]))
                        at++;
                memmove(placed + at + 1, placed + at, (*n - at) * sizeof(Placed));
                placed[at] = next;
                (*n)++;
        }
        return 0;
}

static int carry_out_in_order(const PlanMounts *mounts, size_t first, MountContext *context, char **reterr_message)
{
        Placed *placed = new0(Placed, mounts->n + 1);
        size_t n = 0;
        int r = placed ? place(mounts, first, context, placed, &n) : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = carry_out(placed[i].mount, context, reterr_message);
        placed_free(placed, n);
        return r;
}

int plan_mounts_carry_out(const PlanMounts *mounts, MountContext *context, char **reterr_message)
{
        size_t first = 0;
        int r = 0;

        for (; r >= 0 && first < mounts->n && mounts->items[first].kind == PLAN_MOUNT_OVERLAY; first++)
                r = carry_out(&mounts->items[first], context, reterr_message);
        if (r >= 0)
                r = carry_out_in_order(mounts, first, context, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < mounts->n; i++) {
                r = seal(&mounts->items[i], context);
                if (r < 0)
                        return r;
        }
        return 0;
}
