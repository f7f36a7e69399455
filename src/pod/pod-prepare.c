/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/store/image-lowers.h"
#include "image/store/image-platform.h"
#include "image/store/layer-store.h"
#include "manifest/appc-image.h"
#include "pod/image-demands.h"
#include "pod/image-volumes.h"
#include "pod/plan-sources.h"
#include "pod/pod-prepare.h"
#include "pod/pod-volumes.h"
#include "pod/pods-d.h"
#include "pod/update-record.h"
#include "shared/explain.h"

/* See make_room(). */
#define ROOM_FILE "pod.room"

static int check_platform(const Image *image, const char *app, char ***warnings, char **reterr_message)
{
        _cleanup_free_ char *warning = NULL;
        int r;

        r = image_check_platform(image, &warning, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, -r, "app '%s'", app);
        return warning ? strv_extendf(warnings, "app '%s': %s", app, warning) : 0;
}

/* Volumes of Docker images start with the image's files at that place, and so did rkt's for images from docker2aci. */
static bool volumes_have_files(const Image *image)
{
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;

        return image->kind != IMAGE_APPC ||
               (appc_image_parse(image->manifest, image->manifest_size, &appc, NULL) >= 0 &&
                appc_image_annotation(appc, APPC_ANNOTATION_DOCKER_REPOSITORY));
}

static int take_app(const Image *image, AppcPodApp *app, bool private_users, char ***warnings)
{
        int r = app_copy(image->app, &app->app);

        return r < 0 || private_users ? r : image_demands_bound(app->name, app->app, warnings);
}

/* Does not load the names of the image: they are not needed here, and finding them means reading those of all
 * images. */
static int load_image(ImageStore *store, const AppcPodApp *app, Image **ret, char **reterr_message)
{
        Digest found;
        int r;

        r = image_store_resolve_appc(store, &app->image, &found, reterr_message);
        return r < 0 ? r : image_store_load(store, &found, ret, reterr_message);
}

int pod_find_image(ImageStore *store, const AppcPodApp *app, Image **ret, char **reterr_message)
{
        int r = load_image(store, app, ret, reterr_message);

        return r < 0 ? explain_context(reterr_message, r, "app '%s'", app->name) : 0;
}

static int resolve_image(ImageStore *store, AppcPod *manifest, AppcPodApp *app, const Image *image, bool private_users,
                         PlanImage *ret, char ***warnings, char **reterr_message)
{
        _cleanup_(image_freep) Image *loaded = NULL;
        char id[DIGEST_STRING_MAX];
        int r;

        /* A known image may have been removed before the store was locked. */
        if (!image || !image_store_has(store, &image->id)) {
                r = pod_find_image(store, app, &loaded, reterr_message);
                if (r < 0)
                        return r;
                image = loaded;
        }
        r = check_platform(image, app->name, warnings, reterr_message);
        if (r < 0)
                return r;
        /* appc writes IDs with '-', OCI with ':'. */
        if (image->kind == IMAGE_APPC)
                (void) digest_format_file(&image->id, id);
        else
                (void) digest_format(&image->id, id);
        r = free_and_strdup(&app->image.id, id);
        if (r < 0)
                return r;
        if (!app->app && image->app)
                r = take_app(image, app, private_users, warnings);
        if (r < 0)
                return r;
        if (app->app && image->app)
                r = image_demands_warn(app->name, app->app, image->app, warnings);
        if (r < 0)
                return r;
        r = pod_imply_volumes(manifest, app, volumes_have_files(image), warnings, reterr_message);
        if (r < 0)
                return r;

        (void) image_store_touch(store, image);
        return image_lowers(store, image, &ret->lowers, reterr_message);
}

static int images_init(const AppcPod *manifest, PlanImages *images)
{
        images->apps = new0(PlanImage, MAX(manifest->n_apps, 1U));
        images->n_apps = manifest->n_apps;
        return images->apps ? 0 : -ENOMEM;
}

int pod_resolve_images(ImageStore *store, AppcPod *manifest, const PodSettings *settings, Image *const *known,
                       PlanImages *ret, char ***warnings, char **reterr_message)
{
        bool private_users = tristate_or(settings->private_users, true);
        _cleanup_(plan_images_done) PlanImages images = {};
        int r = images_init(manifest, &images);

        for (size_t i = 0; r >= 0 && i < manifest->n_apps; i++) {
                r = resolve_image(store, manifest, &manifest->apps[i], known ? known[i] : NULL, private_users,
                                  &images.apps[i], warnings, reterr_message);
                plan_image_note_layers(&images.apps[i]);
        }
        if (r >= 0)
                r = image_volumes_resolve(store, manifest, &images, reterr_message);
        if (r < 0)
                return r;
        *ret = images;
        images = (PlanImages) {};
        return 0;
}

static int format_manifest(const AppcPod *manifest, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = appc_pod_write(manifest, &o);

        return r < 0 ? r : json_format_pretty(o, ret);
}

/* Has that much room on the disk for the next manifest. */
static int make_room(const Pod *pod, size_t n)
{
        _cleanup_close_ int fd = openat(pod->fd, ROOM_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        return (uint64_t) st.st_size >= n ? 0 : -posix_fallocate(fd, 0, (off_t) n);
}

static int write_in_room(const Pod *pod, const char *text)
{
        const size_t n = strlen(text);
        _cleanup_close_ int fd = openat(pod->fd, ROOM_FILE, O_WRONLY | O_CLOEXEC);
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if ((uint64_t) st.st_size < n)
                return -ENOSPC;
        r = loop_write(fd, text, n);
        if (r < 0)
                return r;
        /* Unlike a rename over a file, an exchange does not wait for what is in it. */
        return ftruncate(fd, (off_t) n) < 0 || fdatasync(fd) < 0 ? -errno : 0;
}

/* What is made has room for being written once more, so that apps can be removed on a full disk. */
static int write_manifest(Pod *pod, const AppcPod *manifest, const char *file)
{
        _cleanup_free_ char *text = NULL;
        int r = format_manifest(manifest, &text);

        if (r >= 0 && appc_pod_is_mutable(manifest))
                r = make_room(pod, strlen(text));
        return r < 0 ? r : write_string_at(pod->fd, file, text, 0640);
}

static int write_lowers(Pod *pod, const char *app, const PlanImage *image)
{
        _cleanup_free_ char *directory = strjoin("apps/", app), *file = NULL, *text = NULL;
        int r;

        file = directory ? path_join(directory, "lower") : NULL;
        text = strv_join(image->lowers, "\n");
        if (!file || !text)
                return -ENOMEM;
        r = mkdir_p_at(pod->fd, directory, 0755);
        return r < 0 ? r : write_string_at(pod->fd, file, text, 0640);
}

int pod_write_settings(const Pod *pod, bool durable)
{
        _cleanup_free_ char *text = NULL;
        int r = pod_settings_format(pod->settings, &text);

        if (r < 0)
                return r;
        if (durable)
                return write_file_at(pod->fd, "settings", text, strlen(text), 0640);
        if (r < 0)
                return r;
        r = write_string_at(pod->fd, "settings.new", text, 0640);
        return r < 0 ? r : renameat(pod->fd, "settings.new", pod->fd, "settings") < 0 ? -errno : 0;
}

int pod_write(Pod *pod, const AppcPod *manifest, const PodSettings *settings, const PlanImages *images)
{
        _cleanup_free_ char *text = NULL;
        int r = image_volumes_write(pod, images);

        if (r < 0)
                return r;
        /* The layers first: once there is a manifest, they must be protected from removal. */
        for (size_t i = 0; i < manifest->n_apps; i++) {
                r = write_lowers(pod, manifest->apps[i].name, &images->apps[i]);
                if (r < 0)
                        return r;
        }
        r = mkdir_p_at(pod->fd, "apps", 0755);
        if (r >= 0)
                r = pod_settings_format(settings, &text);
        if (r < 0)
                return r;
        r = write_string_at(pod->fd, "settings", text, 0640);
        return r < 0 ? r : write_manifest(pod, manifest, "pod");
}

int pod_add_image(Pod *pod, ImageStore *store, AppcPodApp *app, const Image *known, char ***warnings,
                  char **reterr_message)
{
        _cleanup_(plan_images_done) PlanImages images = { .apps = new0(PlanImage, 1), .n_apps = 1 };
        int r;

        if (!images.apps)
                return -ENOMEM;
        r = resolve_image(store, pod->manifest, app, known, tristate_or(pod->settings->private_users, true),
                          images.apps, warnings, reterr_message);
        if (r >= 0)
                r = write_lowers(pod, app->name, images.apps);
        if (r >= 0)
                r = image_volumes_resolve_app(store, app, &images, reterr_message);
        return r < 0 ? r : image_volumes_write(pod, &images);
}

/* On a full disk, what was the manifest is the room for the next one. The time of the file is that of the pod's
 * creation. After a power cut it is the old one or the new one, and complete. */
static int replace_manifest(const Pod *pod, const char *text, const struct timespec *created)
{
        const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, *created };
        const char *file = "pod.new";
        unsigned flags = 0;
        int r = write_file_at(pod->fd, file, text, strlen(text), 0640);

        if (r == -ENOSPC || r == -EDQUOT) {
                (void) unlinkat(pod->fd, file, 0);
                file = ROOM_FILE;
                flags = RENAME_EXCHANGE;
                r = write_in_room(pod, text);
        }
        if (r < 0)
                return r;
        return utimensat(pod->fd, file, times, AT_SYMLINK_NOFOLLOW) < 0 ||
                               renameat2(pod->fd, file, pod->fd, "pod", flags) < 0
                       ? -errno
                       : 0;
}

int pod_write_manifest(Pod *pod)
{
        _cleanup_free_ char *text = NULL;
        struct stat st;
        int r;

        if (fstatat(pod->fd, "pod", &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = format_manifest(pod->manifest, &text);
        if (r < 0)
                return r;
        /* One that becomes smaller needs no more room than there is. */
        r = appc_pod_is_mutable(pod->manifest) ? make_room(pod, strlen(text)) : 0;
        return r < 0 && strlen(text) > (uint64_t) st.st_size ? r : replace_manifest(pod, text, &st.st_mtim);
}

int pod_app_lowers(const Pod *pod, const char *app, char ***ret)
{
        _cleanup_free_ char *path = strjoin("apps/", app, "/lower"), *text = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_file_at(pod->fd, path, 1024 * 1024, &text, NULL);
        return r < 0 ? r : strv_split(text, '\n', ret);
}

/* Uses the directory that the pod has when it runs, wherever it is now. */
static int make_plan(const PodStore *store, const char *uuid, const AppcPod *manifest, const PodSettings *settings,
                     const PlanImages *images, PodPlan **ret, char **reterr_message)
{
        _cleanup_free_ char *directory = strjoin(store->data, "/pods/run/", uuid);

        return directory ? pod_plan_new(manifest, settings, images, uuid, directory, ret, reterr_message) : -ENOMEM;
}

int pod_plan(const PodStore *store, const char *uuid, const AppcPod *manifest, const PodSettings *settings,
             const PlanImages *images, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r;

        r = make_plan(store, uuid, manifest, settings, images, &plan, reterr_message);
        if (r < 0)
                return r;
        r = plan_resolve_sources(plan, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

static int read_images(const Pod *pod, PlanImages *images, char **reterr_message)
{
        int r = images_init(pod->manifest, images);

        for (size_t i = 0; r >= 0 && i < images->n_apps; i++) {
                r = pod_app_lowers(pod, pod->manifest->apps[i].name, &images->apps[i].lowers);
                plan_image_note_layers(&images->apps[i]);
        }
        return r < 0 ? r : image_volumes_read(pod, images, reterr_message);
}

static int plan_loaded(const Pod *pod, PodPlan **ret, char **reterr_message)
{
        _cleanup_(plan_images_done) PlanImages images = {};
        int r = read_images(pod, &images, reterr_message);

        if (r < 0)
                return r;
        return make_plan(pod->store, pod->uuid.s, pod->manifest, pod->settings, &images, ret, reterr_message);
}

int pod_plan_of(Pod *pod, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r;

        r = pod_load(pod, reterr_message);
        if (r < 0)
                return r;
        r = plan_loaded(pod, &plan, reterr_message);
        if (r < 0)
                return r;
        r = plan_resolve_sources(plan, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

int pod_plan_of_running(Pod *pod, PodPlan **ret, char **reterr_message)
{
        int r;

        r = pod_load(pod, reterr_message);
        if (r < 0)
                return r;
        r = plan_loaded(pod, ret, reterr_message);
        if (r < 0)
                return r;
        (void) plan_resolve_sources(*ret, NULL);
        return 0;
}

int pod_plan_with_late(Pod *pod, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        int r = plan_loaded(pod, &plan, reterr_message);

        for (size_t i = 0; r >= 0 && i < plan->n_apps; i++) {
                const bool late = i == plan->n_apps - 1;
                int one;

                plan->apps[i].late = late;
                one = plan_resolve_app_sources(plan, &plan->apps[i], late ? reterr_message : NULL);
                r = late ? one : 0;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

/* "/…/layers/sha256-…/rootfs" → "sha256-…" */
static int add_layer_of_path(const char *path, char ***layers)
{
        const char *below = strstr(path, "/layers/");
        _cleanup_free_ char *name = NULL;

        if (!below)
                return 0;
        below += strlen("/layers/");
        name = strndup(below, strcspn(below, "/"));
        if (!name)
                return -ENOMEM;
        return strv_contains(*layers, name) ? 0 : strv_consume(layers, TAKE_PTR(name));
}

static int add_layers_of_paths(char *const *lowers, char ***layers)
{
        int r = 0;

        STRV_FOREACH(lower, lowers)
                if (r >= 0)
                        r = add_layer_of_path(*lower, layers);
        return r;
}

/* Reads the pod's own files, since its manifest may be damaged or not exist yet. */
static int add_layers_of_pod(const Pod *pod, char ***layers)
{
        _cleanup_strv_free_ char **apps = NULL, **of_volumes = NULL;
        int r;

        r = list_directory_at(pod->fd, "apps", &apps);
        STRV_FOREACH(app, apps) {
                _cleanup_strv_free_ char **lowers = NULL;

                if (r >= 0 && pod_app_lowers(pod, *app, &lowers) >= 0)
                        r = add_layers_of_paths(lowers, layers);
        }
        if (r >= 0)
                r = image_volumes_lowers(pod, &of_volumes);
        return r < 0 ? r : add_layers_of_paths(of_volumes, layers);
}

int pod_store_used_layers(PodStore *s, char ***ret)
{
        _cleanup_strv_free_ char **layers = new0(char *, 1);
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = layers ? pod_scan_new(s, &scan) : -ENOMEM;

        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                r = add_layers_of_pod(pod, &layers);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(layers);
        return 0;
}

static int add_image(const char *id, char ***images)
{
        return strv_contains(*images, strempty(id)) ? 0 : strv_extend(images, strempty(id));
}

static int add_image_of_volume(Volume *v, void *userdata)
{
        return add_image(v->image_id, userdata);
}

static int add_images_of_pod(const Pod *pod, char ***images)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < pod->manifest->n_apps; i++)
                r = add_image(pod->manifest->apps[i].image.id, images);
        return r < 0 ? r : appc_pod_each_image(pod->manifest, add_image_of_volume, images);
}

int pod_store_used_images(PodStore *s, char ***ret)
{
        _cleanup_strv_free_ char **images = new0(char *, 1);
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = images ? pod_scan_new(s, &scan) : -ENOMEM;

        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                if (pod_load(pod, NULL) >= 0)
                        r = add_images_of_pod(pod, &images);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(images);
        return 0;
}

static int add_images_of_files(PodStore *s, ImageStore *store, char ***images, char ***ret_unread)
{
        _cleanup_strv_free_ char **needed = NULL;
        int r = pods_d_images(store, s->data, &needed, ret_unread);

        STRV_FOREACH(pair, needed) {
                _cleanup_free_ char *id = strndup(*pair, strcspn(*pair, "="));

                r = !id ? -ENOMEM : strv_contains(*images, id) ? 0 : strv_extend(images, id);
                if (r < 0)
                        return r;
        }
        return r;
}

int pod_store_needs(PodStore *s, ImageStore *store, char ***ret_layers, char ***ret_images, char ***ret_unread)
{
        _cleanup_strv_free_ char **layers = NULL, **images = NULL;
        int r = pod_store_used_layers(s, &layers);

        if (r >= 0)
                r = pod_store_used_images(s, &images);
        if (r >= 0)
                r = update_records_add_images(s->data, &images);
        if (r >= 0)
                r = add_images_of_files(s, store, &images, ret_unread);
        if (r < 0)
                return r;
        *ret_layers = TAKE_PTR(layers);
        *ret_images = TAKE_PTR(images);
        return 0;
}
