/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "config.h"
#include "pod/engine.h"
#include "pod/plan-mounts.h"
#include "pod/plan-network.h"
#include "pod/pod-files.h"
#include "pod/pod-volumes.h"

/* Appends a zeroed mount, which belongs to the plan. */
static PlanMount *add_mount(PlanMounts *mounts)
{
        PlanMount *grown = reallocarray(mounts->items, mounts->n + 1, sizeof(PlanMount));

        if (!grown)
                return NULL;
        mounts->items = grown;
        grown[mounts->n] = (PlanMount) {};
        return &grown[mounts->n++];
}

static int add_bind(const PodPlan *plan, PlanMounts *mounts, const char *what, const char *source, const char *target,
                    PlanMount **ret)
{
        PlanMount *m = add_mount(mounts);

        if (!m)
                return -ENOMEM;

        m->kind = PLAN_MOUNT_BIND;
        m->map_ids = pod_plan_private_users(plan);
        m->what = strdup(what);
        m->source = strdup(source);
        m->target = strdup(target);
        if (!m->what || !m->source || !m->target)
                return -ENOMEM;
        *ret = m;
        return 0;
}

/* Binds inside the pod's own root. */
static int pod_bind(PodPlan *plan, const char *what, const char *source, const char *target, PlanMount **ret)
{
        return add_bind(plan, &plan->mounts, what, source, target, ret);
}

/* Binds inside an app's root. */
static int app_bind(const PodPlan *plan, PlanApp *app, const char *what, const char *source, const char *target,
                    PlanMount **ret)
{
        int r;

        r = add_bind(plan, &app->mounts, what, source, target, ret);
        return r < 0 ? r : free_and_strdup(&(*ret)->app, app->app->name);
}

/* The mounts of every pod with an init: the host's own programs, a place for its journal and one for its apps' exit
 * statuses. */
int plan_common_mounts(PodPlan *plan)
{
        _cleanup_free_ char *journal = path_join(plan->directory, "journal"),
                            *status = path_join(plan->directory, "status"),
                            *journal_target = NULL;
        char id[33], *p = id;
        PlanMount *usr, *own;
        int r;

        if (!engine_of(plan->settings)->has_init)
                return 0;
        for (const char *s = plan->uuid; *s; s++)
                if (*s != '-')
                        *p++ = *s;
        *p = 0;

        journal_target = strjoin("/var/log/journal/", id);
        if (!journal || !status || !journal_target)
                return -ENOMEM;

        r = pod_bind(plan, "the host's /usr", "/usr", "/usr", &usr);
        if (r < 0)
                return r;
        usr->read_only = true;
        usr->recursive = true;
        usr->map_ids_optional = true;

        r = pod_bind(plan, "the way down", PKGLIBDIR "/pod-shutdown", "/usr/lib/systemd/systemd-shutdown", &usr);
        if (r < 0)
                return r;
        usr->read_only = true;
        usr->map_ids_optional = true;

        r = pod_bind(plan, "the pod's journal", journal, journal_target, &own);
        if (r < 0)
                return r;
        own->make_source = true;
        own->data_only = true;
        own->mode = 0755;

        r = pod_bind(plan, "the pod's status directory", status, POD_STATUS_DIR, &own);
        if (r < 0)
                return r;
        own->make_source = true;
        own->data_only = true;
        own->mode = 0755;
        return 0;
}

static int plan_root(const PodPlan *plan, PlanApp *ret, const PlanImage *image)
{
        const AppcPodApp *app = ret->app;
        _cleanup_free_ char *directory = strjoin(plan->directory, "/apps/", app->name);
        PlanMount *m = add_mount(&ret->mounts);

        if (!m || !directory)
                return -ENOMEM;

        m->kind = PLAN_MOUNT_OVERLAY;
        m->map_ids = pod_plan_private_users(plan);
        m->read_only = app->read_only_rootfs;
        m->what = strprintf("the root of app '%s'", app->name);
        m->target = strjoin(POD_STAGE2_DIR "/", app->name, "/rootfs");
        m->upper = path_join(directory, "upper");
        m->work = path_join(directory, "work");
        m->lowers = strv_copy(image->lowers);
        return m->what && m->target && m->upper && m->work && m->lowers ? 0 : -ENOMEM;
}

/* A mount of an app with its target in normalised form. */
typedef struct PlannedVolume {
        const Mount *mount;
        char *target;
} PlannedVolume;

/* A volume's own readOnly, if given, overrides the mount point's, as with rkt; a mount's makes it so in any case. */
static int mount_is_read_only(const AppcPodApp *app, const Mount *mount, const Volume *volume, const char *target)
{
        bool read_only = false;

        if (mount->read_only)
                return true;

        for (size_t i = 0; app->app && i < app->app->n_mount_points; i++) {
                _cleanup_free_ char *path = NULL;
                int r = path_clean(app->app->mount_points[i].path, &path);

                if (r < 0)
                        return r;
                if (streq(path, target))
                        read_only = app->app->mount_points[i].read_only;
        }
        return tristate_or(volume->read_only, read_only);
}

/* The name in the pod of a volume that is not a directory of the host. A volume of an app may have the same name as one
 * of the pod. */
static char *own_volume_name(const AppcPodApp *app, const Mount *mount, const Volume *volume)
{
        return mount->app_volume ? strjoin(app->name, ".", volume->name) : strdup(volume->name);
}

/* The app whose image has the first content of a volume, and the path in that image. */
static const AppcPodApp *first_with_volume(const PodPlan *plan, const AppcPodApp *app, const Mount *mount,
                                           const char **ret_path)
{
        const AppcPod *pod = plan->manifest;

        *ret_path = mount->path;
        for (size_t i = 0; !mount->app_volume && i < pod->n_apps; i++)
                for (size_t j = 0; j < pod->apps[i].n_mounts; j++)
                        if (!pod->apps[i].mounts[j].app_volume && streq(pod->apps[i].mounts[j].volume, mount->volume)) {
                                *ret_path = pod->apps[i].mounts[j].path;
                                return &pod->apps[i];
                        }
        return app;
}

/* Files that were made for the pod belong to root, and so they do in there where /run can be mapped (a tmpfs can since
 * Linux 6.3). Those that everybody may read do without, where it cannot. */
static int plan_host_volume(PlanMount *m, const Volume *volume, bool private_users)
{
        bool of_pod = startswith(volume->source, POD_FILES_DIRECTORY "/");

        m->map_ids = (of_pod || tristate_or(volume->map_ids, private_users)) && private_users;
        m->map_ids_optional = of_pod && !tristate_or(volume->map_ids, true);
        m->owners_may_go = !of_pod && m->read_only && !volume->writable_below && volume->map_ids == TRISTATE_UNSET;
        m->writable_below = volume->writable_below;
        m->slave = volume->propagation == PROPAGATION_SLAVE;
        m->shared = volume->propagation == PROPAGATION_SHARED;
        m->is_device = volume->device_access;
        m->source_format = volume_source_format(volume->source_type);
        m->make_source = volume->create;
        m->make_file = volume->create_file;
        if (volume->create || volume->create_file)
                m->mode = volume->create ? 0755 : 0644;
        m->device_access = strdup(volume->device_access ?: m->read_only ? "r" : "rw");
        return m->device_access ? 0 : -ENOMEM;
}

/* The volume is a part of the app's own root, and so has the image's files without a copy. It is a mount of its own all
 * the same: it stays writable in a read-only root, and other apps may also mount it. */
static int plan_image_volume(const PodPlan *plan, PlanMount *m, const AppcPodApp *app, const PlannedVolume *planned)
{
        const char *path;
        const AppcPodApp *first = first_with_volume(plan, app, planned->mount, &path);

        m->map_ids = false;
        m->make_source = false;
        return free_and_strdup(&m->source_app, first->name) < 0 || free_and_strdup(&m->source, path) < 0 ? -ENOMEM : 0;
}

/* A directory beyond the pod. Only the start knows whether it is there, or gets what the image has, which is not for a
 * part of it. */
static int plan_named_volume(const PodPlan *plan, PlanMount *m, const AppcPodApp *app, const PlannedVolume *planned)
{
        const char *path;
        const AppcPodApp *first = first_with_volume(plan, app, planned->mount, &path);

        m->kind = PLAN_MOUNT_NAMED;
        m->recursive = false;
        if (m->sub_path)
                return 0;
        return free_and_strdup(&m->content_app, first->name) < 0 || free_and_strdup(&m->content, path) < 0 ? -ENOMEM
                                                                                                           : 0;
}

static void plan_memory_volume(const PodPlan *plan, PlanMount *m, const AppcPodApp *app, const PlannedVolume *planned)
{
        const char *path;

        m->kind = PLAN_MOUNT_TMPFS;
        m->of_pod = !planned->mount->app_volume && appc_pod_is_mutable(plan->manifest);
        m->has_others = first_with_volume(plan, app, planned->mount, &path) != app;
}

/* Its layers are filled in from the images of the pod (pod/plan-images.h). */
static void plan_files_of_image(PlanMount *m)
{
        m->kind = PLAN_MOUNT_IMAGE;
        m->read_only = true;
        m->recursive = false;
}

/* What the source of a volume is depends on its kind, see PlanMount. */
static const char *source_of(const Volume *volume, const char *name, const char *empty)
{
        switch (volume->kind) {
        case VOLUME_HOST:
                return volume->source;
        case VOLUME_TMPFS:
                return name;
        case VOLUME_NAMED:
                return volume_stored_name(volume);
        case VOLUME_IMAGE:
                return strempty(volume->image_id);
        default:
                return empty;
        }
}

static int plan_volume(const PodPlan *plan, PlanApp *ret, const PlannedVolume *planned)
{
        const AppcPodApp *app = ret->app;
        const Volume *volume = planned->mount->app_volume ?:
                                       appc_pod_find_volume(plan->manifest, planned->mount->volume);
        _cleanup_free_ char *name = NULL, *empty = NULL, *what = NULL;
        PlanMount *m;
        int r;

        if (!volume)
                return -EINVAL;
        what = strprintf("volume '%s'", volume->name);
        name = own_volume_name(app, planned->mount, volume);
        empty = name ? strjoin(plan->directory, "/volumes/", name) : NULL;
        if (!what || !empty)
                return -ENOMEM;

        r = app_bind(plan, ret, what, source_of(volume, name, empty), planned->target, &m);
        if (r < 0)
                return r;
        r = mount_is_read_only(app, planned->mount, volume, planned->target);
        if (r < 0)
                return r;
        m->read_only = r;
        m->recursive = tristate_or(volume->recursive, engine_of(plan->settings)->recursive_volumes);
        m->make_source = volume->kind == VOLUME_EMPTY;
        m->implied = pod_volume_is_implied(app, planned->mount, volume);
        m->mode = volume->mode;
        m->uid = volume->uid;
        m->gid = volume->gid;
        m->size = volume->size;
        m->group = volume->group;
        if (planned->mount->sub_path && free_and_strdup(&m->sub_path, planned->mount->sub_path) < 0)
                return -ENOMEM;
        if (volume->kind == VOLUME_HOST)
                return plan_host_volume(m, volume, pod_plan_private_users(plan));
        if (volume->kind == VOLUME_NAMED)
                return plan_named_volume(plan, m, app, planned);
        if (volume->kind == VOLUME_IMAGE)
                plan_files_of_image(m);
        if (volume->kind == VOLUME_TMPFS)
                plan_memory_volume(plan, m, app, planned);
        return volume->from_image ? plan_image_volume(plan, m, app, planned) : 0;
}

static int compare_targets(const void *a, const void *b)
{
        return strcmp(((const PlannedVolume *) a)->target, ((const PlannedVolume *) b)->target);
}

static int plan_sorted_volumes(const PodPlan *plan, PlanApp *ret, PlannedVolume *planned)
{
        const AppcPodApp *app = ret->app;
        int r;

        for (size_t i = 0; i < app->n_mounts; i++) {
                planned[i].mount = &app->mounts[i];
                r = path_clean(app->mounts[i].path, &planned[i].target);
                if (r < 0)
                        return r;
        }
        qsort(planned, app->n_mounts, sizeof(PlannedVolume), compare_targets);
        for (size_t i = 0; i < app->n_mounts; i++) {
                r = plan_volume(plan, ret, &planned[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Plans the mounts of an app, outer ones before those inside them, whatever the manifest's order. */
static int plan_volumes(const PodPlan *plan, PlanApp *ret)
{
        _cleanup_free_ PlannedVolume *planned = new0(PlannedVolume, ret->app->n_mounts);
        int r;

        if (!planned)
                return -ENOMEM;
        r = plan_sorted_volumes(plan, ret, planned);
        for (size_t i = 0; i < ret->app->n_mounts; i++)
                free(planned[i].target);
        return r;
}

static int plan_file(const PodPlan *plan, PlanApp *ret, const PlanFile *file)
{
        PlanMount *m;
        int r;

        if (file->yields && appc_pod_app_has_mount(ret->app, file->target))
                return 0;
        r = app_bind(plan, ret, file->target, file->source, file->target, &m);
        if (r < 0)
                return r;
        m->if_source = file->if_source;
        m->if_absent = file->if_absent;
        m->unless_volume = file->unless_volume;
        m->over_links = true;
        m->read_only = file->shared;
        m->map_ids_optional = true;
        m->data_only = true;
        return 0;
}

static int bind_files(const PodPlan *plan, PlanApp *ret, PlanFile files[static PLAN_FILES_MAX])
{
        size_t n = 0;
        int r;

        r = plan_files(plan, files, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++) {
                r = plan_file(plan, ret, &files[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* After the volumes: a user who gives --dns= wants it in any case, as with rkt. */
static int plan_etc(const PodPlan *plan, PlanApp *ret)
{
        PlanFile files[PLAN_FILES_MAX] = {};
        int r = bind_files(plan, ret, files);

        for (size_t i = 0; i < PLAN_FILES_MAX; i++)
                free(files[i].source);
        return r;
}

/* As rkt had it for an app that is on the host otherwise: what others have in /tmp there is not its business, and does
 * not stay. */
static int plan_tmp(const PodPlan *plan, PlanApp *ret)
{
        PlanMount *m;
        int r;

        if (engine_of(plan->settings)->has_init || appc_pod_app_has_mount(ret->app, "/tmp"))
                return 0;
        r = app_bind(plan, ret, "/tmp", "tmp", "/tmp", &m);
        if (r < 0)
                return r;
        m->kind = PLAN_MOUNT_TMPFS;
        m->mode = 01777;
        return 0;
}

/* shm_overview(7): POSIX shared memory is in files there, and not in the IPC namespace. Fly has all of /dev anyway. */
static int plan_shared_memory(const PodPlan *plan, PlanApp *ret)
{
        PlanMount *m;
        int r;

        if (!engine_of(plan->settings)->has_init || !pod_settings_shares_ipc(plan->settings) ||
            appc_pod_app_has_mount(ret->app, "/dev/shm"))
                return 0;
        r = app_bind(plan, ret, "the host's shared memory", "/dev/shm", "/dev/shm", &m);
        if (r < 0)
                return r;
        m->data_only = true;
        m->map_ids_optional = true;
        return 0;
}

int plan_app_mounts(const PodPlan *plan, PlanApp *ret, const PlanImage *image)
{
        int r;

        r = plan_root(plan, ret, image);
        if (r >= 0)
                r = plan_tmp(plan, ret);
        if (r >= 0)
                r = plan_shared_memory(plan, ret);
        if (r < 0)
                return r;
        r = plan_volumes(plan, ret);
        return r < 0 ? r : plan_etc(plan, ret);
}
