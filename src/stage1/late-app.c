/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <unistd.h>

#include "basic/fs.h"
#include "inside/launch-places.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "shared/worker.h"
#include "stage1/app-install.h"
#include "stage1/app-mounts.h"
#include "stage1/late-app.h"
#include "stage1/late-files.h"
#include "stage1/pod-credentials.h"
#include "stage1/pod-tree.h"
#include "stage1/uid-range.h"

/* A tmpfs is mounted here, which no other process sees. */
#define STAGE_DIRECTORY "/run/podctl/stage1"
#define STAGE_ROOT STAGE_DIRECTORY "/root"
#define STAGE_SCRATCH STAGE_DIRECTORY "/layers"
#define STAGE_CREDENTIALS STAGE_DIRECTORY "/credentials"

/* The namespaces of a pod, and what is done to an app of it. */
typedef struct LateApp {
        Pod *pod;
        const PodPlan *plan;  /* adding: this and the next */
        const PlanApp *app;
        const char *name;
        uid_t base;           /* 0: the pod has the host's user IDs */
        int pod_user;         /* its namespaces, opened */
        int pod_mounts;
} LateApp;

/* A mount on its way into the pod. */
typedef struct Carried {
        char *from; /* its path in our namespace */
        char *to;   /* in the pod */
        int fd;
} Carried;

typedef struct CarriedList {
        Carried *items;
        size_t n;
} CarriedList;

static void carried_list_done(CarriedList *l)
{
        for (size_t i = 0; i < l->n; i++) {
                free(l->items[i].from);
                free(l->items[i].to);
                safe_close(l->items[i].fd);
        }
        free(l->items);
}

static int carried_add(CarriedList *l, char *from, char *to)
{
        Carried *grown = from && to ? reallocarray(l->items, l->n + 1, sizeof(Carried)) : NULL;

        if (!grown) {
                free(from);
                free(to);
                return -ENOMEM;
        }
        l->items = grown;
        grown[l->n++] = (Carried) { from, to, -EBADF };
        return 0;
}

/* The namespaces */

static void late_app_done(LateApp *a)
{
        safe_close(a->pod_user);
        safe_close(a->pod_mounts);
}

static int open_namespace(pid_t pid, const char *which)
{
        _cleanup_free_ char *path = strprintf("/proc/%i/ns/%s", pid, which);
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

        return !path ? -ENOMEM : fd < 0 ? -errno : fd;
}

/* The number of a process that has ended may be another's by the time that its namespaces are open. */
static int open_pod(LateApp *a)
{
        pid_t before, after;
        int r;

        r = pod_uid_base(a->pod, &a->base);
        if (r >= 0)
                r = pod_leader_pid(a->pod, &before);
        if (r < 0)
                return r;
        a->pod_user = open_namespace(before, "user");
        a->pod_mounts = open_namespace(before, "mnt");
        r = pod_leader_pid(a->pod, &after);
        return r < 0 || after != before ? -ESRCH : MIN(MIN(a->pod_user, a->pod_mounts), 0);
}

/* For good: from here on, this process is root of the pod, and nobody outside of it. */
static int become_root_of_pod(const LateApp *a)
{
        if (a->base == 0)
                return 0;
        return setns(a->pod_user, CLONE_NEWUSER) < 0 || setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 ||
                               setresuid(0, 0, 0) < 0
                       ? -errno
                       : 0;
}

static int enter_pod(const LateApp *a)
{
        return setns(a->pod_mounts, CLONE_NEWNS) < 0 ? -errno : 0;
}

/* Adding: the stage */

static int make_stage(MountContext *context)
{
        int r = mkdir_p_at(AT_FDCWD, STAGE_DIRECTORY, 0755);

        if (r >= 0)
                r = mount_namespace_enter();
        if (r < 0)
                return r;
        if (mount("podctl", STAGE_DIRECTORY, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755,size=64m") < 0)
                return -errno;
        context->scratch_fd = mkdir_open_at(AT_FDCWD, STAGE_SCRATCH, 0755);
        context->root_fd = mkdir_open_at(AT_FDCWD, STAGE_ROOT, 0755);
        if (context->scratch_fd < 0 || context->root_fd < 0)
                return MIN(context->scratch_fd, context->root_fd);
        return fchown(context->root_fd, context->uid_base, context->uid_base) < 0 ? -errno : 0;
}

static int write_files(const LateApp *a, const MountContext *context, char **reterr_message)
{
        _cleanup_(app_identity_done) AppIdentity identity = {};
        int r = app_look_up(a->app, &context->late, context->root_fd, a->base, &identity, reterr_message);

        if (r < 0)
                return r;
        (void) setfsgid(a->base);
        (void) setfsuid(a->base);
        r = mkdir_p_at(context->root_fd, POD_UNIT_DIR, 0755);
        if (r >= 0)
                r = pod_tree_add_app(a->plan, a->app, &identity, context->root_fd, reterr_message);
        (void) setfsuid(0);
        (void) setfsgid(0);
        return r < 0 ? r : app_mount_journal(a->app, context->root_fd, a->base);
}

/* Read before this process is root of the pod, which may not read them on the host. */
static int load_credentials(const LateApp *a, char **reterr_message)
{
        return a->app->app->n_credentials == 0
                       ? 0
                       : app_credentials_load(a->app->app, STAGE_CREDENTIALS, a->base, reterr_message);
}

/* Its root with all that is mounted in there, what systemd binds into it, its credentials, and the socket of the
 * journal. */
static int list_mounts(const LateApp *a, const MountContext *context, CarriedList *ret)
{
        static const char journal[] = LAUNCH_POD_FILES "/%s/" LAUNCH_JOURNAL;
        _cleanup_free_ char *socket = strprintf(journal, a->name);
        int r = carried_add(ret, strprintf(STAGE_ROOT POD_STAGE2_DIR "/%s/rootfs", a->name),
                            strprintf(POD_STAGE2_DIR "/%s/rootfs", a->name));

        for (size_t i = 0; r >= 0 && i < context->late.n; i++) {
                const LateMount *late = &context->late.items[i];

                r = carried_add(ret, late->scratch ? strjoin(STAGE_SCRATCH "/", late->scratch)
                                                   : strjoin(STAGE_ROOT, late->source), strdup(late->source));
        }
        if (r >= 0 && a->app->app->n_credentials > 0)
                r = carried_add(ret, strdup(STAGE_CREDENTIALS),
                                strprintf(LAUNCH_DIRECTORY "/%s/" LAUNCH_CREDENTIALS, a->name));
        if (r < 0 || !socket)
                return r < 0 ? r : -ENOMEM;
        return faccessat(context->root_fd, socket, F_OK, AT_SYMLINK_NOFOLLOW) < 0
                       ? 0
                       : carried_add(ret, strjoin(STAGE_ROOT "/", socket), strjoin("/", socket));
}

/* Adding: into the pod */

/* A mount that root of the pod could loosen is not what was asked for: a copy of all mounts in a namespace that belongs
 * to the pod's user namespace is locked as those are that a pod starts with (mount_namespaces(7), "Restrictions on
 * mount namespaces"), and so is what is taken from there. */
static int take_mounts(const LateApp *a, CarriedList *mounts)
{
        if (a->base > 0 && unshare(CLONE_NEWNS) < 0)
                return -errno;
        for (size_t i = 0; i < mounts->n; i++) {
                mounts->items[i].fd = open_tree(AT_FDCWD, mounts->items[i].from,
                                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
                if (mounts->items[i].fd < 0)
                        return -errno;
        }
        return 0;
}

static int attach(const Carried *mount)
{
        _cleanup_close_ int root = open_directory_at(AT_FDCWD, "/"), target = -EBADF;
        struct stat st;

        if (fstat(mount->fd, &st) < 0)
                return -errno;
        if (root < 0)
                return root;
        target = S_ISDIR(st.st_mode) ? mkdir_in_root(root, mount->to, 0755, 0) : open_in_root(root, mount->to, O_PATH);
        if (target == -ENOENT)
                target = make_file_in_root(root, mount->to, 0600, 0700, 0);
        return target < 0 ? target : mount_attach(mount->fd, target);
}

static int install(const LateApp *a, const CarriedList *mounts, int stage)
{
        _cleanup_free_ char *launch = strjoin(LAUNCH_POD_FILES "/", a->name);
        _cleanup_close_ int root = open_directory_at(AT_FDCWD, "/");
        int r = !launch ? -ENOMEM : root < 0 ? root : late_files_copy(stage, launch, root, launch);

        for (size_t i = 0; r >= 0 && i < mounts->n; i++)
                r = attach(&mounts->items[i]);
        return r < 0 ? r : late_files_copy(stage, POD_UNIT_DIR, root, POD_UNIT_DIR);
}

static int stage_and_install(const LateApp *a, MountContext *context, CarriedList *mounts, char **reterr_message)
{
        int r = make_stage(context);

        if (r >= 0)
                r = plan_mounts_carry_out(&a->app->mounts, context, reterr_message);
        if (r >= 0)
                r = load_credentials(a, reterr_message);
        if (r >= 0)
                r = write_files(a, context, reterr_message);
        if (r >= 0)
                r = list_mounts(a, context, mounts);
        if (r >= 0)
                r = become_root_of_pod(a);
        if (r >= 0)
                r = take_mounts(a, mounts);
        if (r >= 0)
                r = enter_pod(a);
        return r < 0 ? r : install(a, mounts, context->root_fd);
}

static int add(void *userdata, WorkerReport *report, char **reterr_message)
{
        const LateApp *a = userdata;
        _cleanup_(carried_list_done) CarriedList mounts = {};
        MountContext context = {
                .data = a->pod->store->data,
                .root_fd = -EBADF,
                .scratch_fd = -EBADF,
                .userns_fd = a->base > 0 ? userns_open(a->base) : -EBADF,
                .uid_base = a->base,
        };
        int r = a->base > 0 && context.userns_fd < 0 ? context.userns_fd : 0;

        if (r >= 0)
                r = stage_and_install(a, &context, &mounts, reterr_message);
        late_mounts_done(&context.late);
        safe_close(context.root_fd);
        safe_close(context.scratch_fd);
        safe_close(context.userns_fd);
        return r;
}

/* Removing */

/* The pod's root may keep mounting there. */
#define MOUNTS_MAX 64

/* More than one mount may be on top of one another. /proc is of no use: it does not know this process. */
static int unmount(int dir_fd, const char *name)
{
        if (fchdir(dir_fd) < 0)
                return -errno;
        for (unsigned i = 0; i < MOUNTS_MAX; i++)
                if (umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
                        /* Not a mount, or not there: what it is to be. */
                        return errno == EINVAL || errno == ENOENT ? 0 : -errno;
        return -EBUSY;
}

/* Nothing is entered that is still mounted. What else root of the pod has put there goes too. */
static int remove_tree(int parent_fd, const char *name, const char *places)
{
        _cleanup_close_ int fd = open_directory_at(parent_fd, name),
                            below = fd < 0 ? fd : open_directory_at(fd, places);
        _cleanup_strv_free_ char **mounted = NULL;
        int r = below < 0 ? below : list_directory_all_at(below, ".", &mounted);

        STRV_FOREACH(place, mounted)
                if (r >= 0)
                        r = unmount(below, *place);
        return r < 0 && below >= 0 ? r : rm_rf_at(parent_fd, name);
}

static int remove_app_directory(const char *name)
{
        _cleanup_close_ int parent = open_directory_at(AT_FDCWD, POD_STAGE2_DIR),
                            app = parent < 0 ? parent : open_directory_at(parent, name);
        int r = parent < 0 ? parent : app < 0 ? 0 : unmount(app, "rootfs");

        return r < 0 ? r : remove_tree(parent, name, "volumes");
}

static int remove_all(void *userdata, WorkerReport *report, char **reterr_message)
{
        const LateApp *a = userdata;
        _cleanup_close_ int units = -EBADF, launch = -EBADF;
        int r = become_root_of_pod(a);

        if (r >= 0)
                r = enter_pod(a);
        if (r < 0)
                return r;
        units = open_directory_at(AT_FDCWD, "/" POD_UNIT_DIR);
        launch = open_directory_at(AT_FDCWD, LAUNCH_DIRECTORY);
        r = units < 0 ? units : late_files_remove_units(units, a->name);
        if (r >= 0)
                r = remove_app_directory(a->name);
        if (r >= 0 && launch >= 0)
                r = remove_tree(launch, a->name, ".");
        return r;
}

/* Both */

static int carry_out(LateApp *a, WorkerFunction function, char **reterr_message)
{
        Worker worker = WORKER_NONE;
        int r = open_pod(a);

        if (r >= 0)
                r = worker_start(function, a, &worker);
        return r < 0 ? r : worker_finish(&worker, NULL, 0, reterr_message);
}

int late_app_add(Pod *pod, const PodPlan *plan, const PlanApp *app, char **reterr_message)
{
        _cleanup_(late_app_done) LateApp a = { .pod = pod, .plan = plan, .app = app, .name = app->app->name,
                                               .pod_user = -EBADF, .pod_mounts = -EBADF };
        int r = carry_out(&a, add, reterr_message);

        return explain_unless_told(reterr_message, r, "cannot bring the app into the pod");
}

int late_app_remove(Pod *pod, const char *name, char **reterr_message)
{
        _cleanup_(late_app_done) LateApp a = { .pod = pod, .name = name, .pod_user = -EBADF, .pod_mounts = -EBADF };
        int r = carry_out(&a, remove_all, reterr_message);

        return explain_unless_told(reterr_message, r, "cannot take the app out of the pod");
}
