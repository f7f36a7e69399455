/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <linux/openat2.h>
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

/* An app has a directory in each of these of the pod, under its name. */
typedef enum Place {
        PLACE_APP,    /* its root and what systemd binds into it */
        PLACE_LAUNCH, /* its files for the launcher */
        _PLACE_MAX,
} Place;

static const char *const places[_PLACE_MAX] = { POD_STAGE2_DIR, LAUNCH_DIRECTORY };

/* A mount on its way into the pod. */
typedef struct Carried {
        char *from; /* its path in our namespace */
        Place place;
        char *to;   /* below the app's directory there */
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

static int carried_add(CarriedList *l, char *from, Place place, char *to)
{
        Carried *grown = from && to ? reallocarray(l->items, l->n + 1, sizeof(Carried)) : NULL;

        if (!grown) {
                free(from);
                free(to);
                return -ENOMEM;
        }
        l->items = grown;
        grown[l->n++] = (Carried) { from, place, to, -EBADF };
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
        _cleanup_free_ char *socket = strprintf(LAUNCH_POD_FILES "/%s/" LAUNCH_JOURNAL, a->name),
                            *own = strprintf(POD_STAGE2_DIR "/%s/", a->name);
        int r = socket && own ? carried_add(ret, strprintf(STAGE_ROOT "%srootfs", own), PLACE_APP, strdup("rootfs"))
                              : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < context->late.n; i++) {
                const LateMount *late = &context->late.items[i];
                const char *to = startswith(late->source, own);

                r = !to ? -EINVAL
                        : carried_add(ret, late->scratch ? strjoin(STAGE_SCRATCH "/", late->scratch)
                                                         : strjoin(STAGE_ROOT, late->source), PLACE_APP, strdup(to));
        }
        if (r >= 0 && a->app->app->n_credentials > 0)
                r = carried_add(ret, strdup(STAGE_CREDENTIALS), PLACE_LAUNCH, strdup(LAUNCH_CREDENTIALS));
        if (r < 0)
                return r;
        return faccessat(context->root_fd, socket, F_OK, AT_SYMLINK_NOFOLLOW) < 0
                       ? 0
                       : carried_add(ret, strjoin(STAGE_ROOT "/", socket), PLACE_LAUNCH, strdup(LAUNCH_JOURNAL));
}

/* In the pod */

/* Through no link, which root of the pod may have laid. */
static int open_place(const char *path)
{
        return open_resolving(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
}

/* The pod's root may keep mounting there. */
#define MOUNTS_MAX 64

/* More than one mount may be on top of one another. /proc is of no use: it does not know this process. What was mounted
 * at the pod's start is locked, and stays. */
static int unmount(int dir_fd, const char *name)
{
        if (fchdir(dir_fd) < 0)
                return -errno;
        for (unsigned i = 0; i < MOUNTS_MAX; i++)
                if (umount2(name, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
                        return 0;
        return 0;
}

static int open_own(int dir_fd, const char *name)
{
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int unmount_all(int dir_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(dir_fd, ".", &names);

        STRV_FOREACH(name, names)
                if (r >= 0)
                        r = unmount(dir_fd, *name);
        return r;
}

/* Whatever there is under the app's name, whoever put it there. Nothing is entered that is still mounted: it was there
 * at the pod's start, or is of root of the pod, and goes with the pod. */
static int clear_place(int parent_fd, const char *name)
{
        _cleanup_close_ int fd = open_own(parent_fd, name), volumes = fd < 0 ? fd : open_own(fd, "volumes");
        int r = volumes < 0 ? 0 : unmount_all(volumes);

        if (r >= 0 && fd >= 0)
                r = unmount_all(fd);
        if (r >= 0)
                r = rm_rf_at(parent_fd, name);
        return r == -EXDEV || r == -EBUSY ? 0 : r;
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

/* The app's directory in a place, which is new, or has only what cannot be unmounted. */
static int make_own(const LateApp *a, Place place)
{
        _cleanup_close_ int parent = open_place(places[place]);
        int r = parent < 0 ? parent : clear_place(parent, a->name);

        if (r >= 0 && mkdirat(parent, a->name, place == PLACE_LAUNCH ? 0700 : 0755) < 0 && errno != EEXIST)
                r = -errno;
        return r < 0 ? r : open_own(parent, a->name);
}

static int attach(const Carried *mount, int own_fd)
{
        _cleanup_close_ int target = -EBADF;
        struct stat st;

        if (fstat(mount->fd, &st) < 0)
                return -errno;
        target = S_ISDIR(st.st_mode) ? mkdir_in_root(own_fd, mount->to, 0755, 0)
                                     : open_in_root(own_fd, mount->to, O_PATH);
        if (target == -ENOENT)
                target = make_file_in_root(own_fd, mount->to, 0600, 0700, 0);
        return target < 0 ? target : mount_attach(mount->fd, target);
}

static int install(const LateApp *a, const CarriedList *mounts, int stage)
{
        _cleanup_free_ char *launch = strjoin(LAUNCH_POD_FILES "/", a->name);
        _cleanup_close_ int root = open_directory_at(AT_FDCWD, "/"), units = open_place("/" POD_UNIT_DIR),
                            own_app = -EBADF, own_launch = -EBADF;
        /* The first app of a pod without any finds none. */
        int r = !launch ? -ENOMEM : units < 0 ? units : mkdir_p_at(root, LAUNCH_POD_FILES, 0700);

        if (r >= 0)
                r = own_app = make_own(a, PLACE_APP);
        if (r >= 0)
                r = own_launch = make_own(a, PLACE_LAUNCH);
        if (r >= 0)
                r = late_files_copy(stage, launch, own_launch, ".");
        for (size_t i = 0; r >= 0 && i < mounts->n; i++)
                r = attach(&mounts->items[i], mounts->items[i].place == PLACE_APP ? own_app : own_launch);
        return r < 0 ? r : late_files_copy(stage, POD_UNIT_DIR, units, ".");
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

/* systemd notes LogExtraFields= of a unit there for journald, and leaves that behind, as of 262. */
static int forget_log_fields(const char *app)
{
        _cleanup_close_ int notes = open_place("/run/systemd/units");

        return notes < 0 ? 0 : late_files_remove_units(notes, "log-extra-fields:", app);
}

static int remove_all(void *userdata, WorkerReport *report, char **reterr_message)
{
        const LateApp *a = userdata;
        _cleanup_close_ int units = -EBADF;
        int r = become_root_of_pod(a);

        if (r >= 0)
                r = enter_pod(a);
        if (r < 0)
                return r;
        units = open_place("/" POD_UNIT_DIR);
        r = units < 0 ? units : late_files_remove_units(units, "", a->name);
        if (r >= 0)
                r = forget_log_fields(a->name);
        for (Place place = 0; r >= 0 && place < _PLACE_MAX; place++) {
                _cleanup_close_ int parent = open_place(places[place]);

                r = parent == -ENOENT ? 0 : parent < 0 ? parent : clear_place(parent, a->name);
        }
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
