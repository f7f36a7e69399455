/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <unistd.h>

#include "basic/fs.h"
#include "inside/launch-places.h"
#include "pod/late-output.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "shared/worker.h"
#include "stage1/app-install.h"
#include "stage1/app-mounts.h"
#include "stage1/carried-mounts.h"
#include "stage1/late-app.h"
#include "stage1/late-files.h"
#include "stage1/memory-volume.h"
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

static const char *const places[_CARRIED_PLACE_MAX] = {
        [CARRIED_APP] = POD_STAGE2_DIR,
        [CARRIED_LAUNCH] = LAUNCH_DIRECTORY,
        [CARRIED_MEMORY] = MEMORY_VOLUME_DIRECTORY,
};

/* In these, the app has a directory under its name. */
static const CarriedPlace own_places[] = { CARRIED_APP, CARRIED_LAUNCH };

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

/* The socket of who prints what the pod's apps write, if there is one. */
static int mount_output(const LateApp *a, const MountContext *context)
{
        _cleanup_free_ char *source = pod_path(a->pod, POD_OUTPUT_DIR "/" LATE_OUTPUT_SOCKET);

        return source ? app_mount_socket(a->app, source, context->userns_fd, LAUNCH_OUTPUT, context->root_fd, a->base)
                      : -ENOMEM;
}

static int write_files(const LateApp *a, const MountContext *context, char **reterr_message)
{
        _cleanup_(app_identity_done) AppIdentity identity = {};
        _cleanup_(pod_sockets_done) PodSockets sockets = {};
        int r = app_look_up(a->app, &context->late, context->root_fd, a->base, &identity, reterr_message);

        if (r >= 0)
                r = pod_sockets_of_late(a->plan, a->app, &sockets, reterr_message);

        if (r < 0)
                return r;
        (void) setfsgid(a->base);
        (void) setfsuid(a->base);
        r = mkdir_p_at(context->root_fd, POD_UNIT_DIR, 0755);
        if (r >= 0)
                r = pod_tree_add_app(a->plan, a->app, &identity, context->root_fd, reterr_message);
        if (r >= 0)
                r = pod_tree_add_sockets_of_app(a->app, &sockets, context->root_fd);
        (void) setfsuid(0);
        (void) setfsgid(0);
        if (r >= 0)
                r = app_mount_journal(a->app, context->root_fd, a->base);
        if (r >= 0)
                r = mount_output(a, context);
        return r < 0 ? r : app_mount_log_file(a->plan, a->app, context->root_fd, a->base);
}

/* Read before this process is root of the pod, which may not read them on the host. */
static int load_credentials(const LateApp *a, char **reterr_message)
{
        return a->app->app->n_credentials == 0
                       ? 0
                       : app_credentials_load(a->app->app, STAGE_CREDENTIALS, a->base, reterr_message);
}

/* Volumes of the pod that it is the first to have. */
static int list_memory(const MountContext *context, CarriedMounts *ret)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(context->root_fd, "." MEMORY_VOLUME_DIRECTORY, &names);

        if (r == -ENOENT)
                return 0;
        STRV_FOREACH(name, names)
                if (r >= 0)
                        r = carried_mounts_add(ret, strjoin(STAGE_ROOT MEMORY_VOLUME_DIRECTORY "/", *name),
                                               CARRIED_MEMORY, strdup(*name));
        return r;
}

/* What systemd binds into the app. */
static int list_late(const LateMounts *late, const char *own, CarriedMounts *ret)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < late->n; i++) {
                const LateMount *m = &late->items[i];
                const char *to = startswith(m->source, own);

                r = !to ? -EINVAL
                        : carried_mounts_add(ret, m->scratch ? strjoin(STAGE_SCRATCH "/", m->scratch)
                                                             : strjoin(STAGE_ROOT, m->source),
                                             CARRIED_APP, strdup(to));
        }
        return r;
}

/* The sockets where its output goes, of those that it has. */
static int list_sockets(const LateApp *a, const MountContext *context, CarriedMounts *ret)
{
        static const char *const names[] = { LAUNCH_JOURNAL, LAUNCH_LOG_FILE, LAUNCH_OUTPUT };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *socket = strjoin(LAUNCH_POD_FILES "/", a->name, "/", names[i]);

                if (!socket)
                        return -ENOMEM;
                if (faccessat(context->root_fd, socket, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                        r = carried_mounts_add(ret, strjoin(STAGE_ROOT "/", socket), CARRIED_LAUNCH, strdup(names[i]));
        }
        return r;
}

/* First its root with all that is mounted in there. */
static int list_mounts(const LateApp *a, const MountContext *context, CarriedMounts *ret)
{
        _cleanup_free_ char *own = strprintf(POD_STAGE2_DIR "/%s/", a->name);
        int r = own ? carried_mounts_add(ret, strprintf(STAGE_ROOT "%srootfs", own), CARRIED_APP, strdup("rootfs"))
                    : -ENOMEM;

        if (r >= 0)
                r = list_late(&context->late, own, ret);
        if (r >= 0 && a->app->app->n_credentials > 0)
                r = carried_mounts_add(ret, strdup(STAGE_CREDENTIALS), CARRIED_LAUNCH, strdup(LAUNCH_CREDENTIALS));
        if (r >= 0)
                r = list_memory(context, ret);
        return r < 0 ? r : list_sockets(a, context, ret);
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

/* A mount on the directory itself, below which peers of the host's mounts are made private all at once before they are
 * unmounted: else what the host has mounted on or in one of them would be gone there, too. */
static int make_box(int dir_fd)
{
        _cleanup_close_ int box = mount_clone(dir_fd, "", &(MountOptions) { .userns_fd = -EBADF });

        return box < 0 ? box : mount_attach(box, dir_fd);
}

static int unmount_box(int parent_fd, const char *name)
{
        struct mount_attr private = { .propagation = MS_PRIVATE };

        /* There is none, or it is not ours to change. */
        if (mount_setattr(parent_fd, name, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW, &private, sizeof(private)) < 0)
                return 0;
        return unmount(parent_fd, name);
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
        int r = unmount_box(parent_fd, name);
        _cleanup_close_ int fd = r < 0 ? r : open_own(parent_fd, name),
                            volumes = fd < 0 ? fd : open_own(fd, "volumes");

        if (r >= 0 && volumes >= 0)
                r = unmount_all(volumes);
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
static int take_mounts(const LateApp *a, CarriedMounts *mounts)
{
        if (a->base > 0 && unshare(CLONE_NEWNS) < 0)
                return -errno;
        return carried_mounts_open(mounts);
}

static bool has_shared(const PlanApp *app)
{
        for (size_t i = 0; i < app->mounts.n; i++)
                if (app->mounts.items[i].shared)
                        return true;
        return false;
}

static int box_own(int parent_fd, const char *name)
{
        _cleanup_close_ int fd = open_own(parent_fd, name);

        return fd < 0 ? fd : make_box(fd);
}

/* The app's directory in a place, which is new, or has only what cannot be unmounted. */
static int make_own(const LateApp *a, CarriedPlace place)
{
        _cleanup_close_ int parent = open_place(places[place]);
        int r = parent < 0 ? parent : clear_place(parent, a->name);

        if (r >= 0 && mkdirat(parent, a->name, place == CARRIED_LAUNCH ? 0700 : 0755) < 0 && errno != EEXIST)
                r = -errno;
        if (r >= 0 && place == CARRIED_APP && has_shared(a->app))
                r = box_own(parent, a->name);
        return r < 0 ? r : open_own(parent, a->name);
}

/* The pod may have no such place yet. */
static int open_made_place(int root_fd, CarriedPlace place)
{
        int r = mkdir_p_at(root_fd, places[place] + 1, 0700);

        return r < 0 ? r : open_place(places[place]);
}

static void places_done(int (*fds)[_CARRIED_PLACE_MAX])
{
        for (CarriedPlace place = 0; place < _CARRIED_PLACE_MAX; place++)
                safe_close((*fds)[place]);
}

static int open_places(const LateApp *a, int root_fd, int ret[static _CARRIED_PLACE_MAX])
{
        /* The first app of a pod without any finds none. */
        int r = mkdir_p_at(root_fd, LAUNCH_POD_FILES, 0700);

        if (r >= 0)
                r = ret[CARRIED_APP] = make_own(a, CARRIED_APP);
        if (r >= 0)
                r = ret[CARRIED_LAUNCH] = make_own(a, CARRIED_LAUNCH);
        return r < 0 ? r : (ret[CARRIED_MEMORY] = open_made_place(root_fd, CARRIED_MEMORY));
}

static int copy_files(const LateApp *a, int stage, int own_launch, int units)
{
        _cleanup_free_ char *launch = strjoin(LAUNCH_POD_FILES "/", a->name),
                            *drop_ins = strjoin(a->name, ".service.d"),
                            *from = drop_ins ? strjoin(POD_UNIT_DIR "/", drop_ins) : NULL;
        int r = launch && from ? late_files_copy(stage, launch, own_launch, ".") : -ENOMEM;

        if (r >= 0)
                r = late_files_copy(stage, from, units, drop_ins);
        return r < 0 && r != -ENOENT ? r : late_files_copy(stage, POD_UNIT_DIR, units, ".");
}

static int install(const LateApp *a, const CarriedMounts *mounts, int stage)
{
        _cleanup_(places_done) int fds[_CARRIED_PLACE_MAX] = { -EBADF, -EBADF, -EBADF };
        _cleanup_close_ int root = open_directory_at(AT_FDCWD, "/"), units = open_place("/" POD_UNIT_DIR);
        int r = units < 0 ? units : open_places(a, root, fds);

        if (r >= 0)
                r = carried_mounts_attach(mounts, fds);
        return r < 0 ? r : copy_files(a, stage, fds[CARRIED_LAUNCH], units);
}

static int stage_and_install(const LateApp *a, MountContext *context, CarriedMounts *mounts, char **reterr_message)
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
        _cleanup_(carried_mounts_done) CarriedMounts mounts = {};
        MountContext context = {
                .data = a->pod->store->data,
                .root_fd = -EBADF,
                .scratch_fd = -EBADF,
                .host_mounts_fd = -EBADF,
                .pod_mounts_fd = a->pod_mounts,
                .userns_fd = a->base > 0 ? userns_open(a->base) : -EBADF,
                .uid_base = a->base,
        };
        int r = a->base > 0 && context.userns_fd < 0 ? context.userns_fd : 0;

        if (r >= 0)
                r = context.host_mounts_fd = open_namespace(getpid(), "mnt");
        if (r >= 0)
                r = stage_and_install(a, &context, &mounts, reterr_message);
        late_mounts_done(&context.late);
        safe_close(context.host_mounts_fd);
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
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(own_places); i++) {
                _cleanup_close_ int parent = open_place(places[own_places[i]]);

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
